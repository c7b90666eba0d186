#include "worker/io/spool.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/core/codec.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "common/io/logging.hpp"

namespace ocrs {
namespace {

constexpr std::string_view heading = "ocrspool1\n";
constexpr std::size_t check_bytes = 8;
constexpr std::size_t record_head = 4 + check_bytes;
constexpr std::size_t log_bytes_max = std::size_t{4} << 30;
constexpr std::uint64_t slack_bytes = 8 << 20;  // of acknowledged results before the log is written anew

std::string check_of(std::string_view payload) {
  const ContentHash hash = hash_bytes(payload);
  return {hash.bytes.begin(), hash.bytes.begin() + check_bytes};
}

void append_record(std::string& out, std::string_view payload) {
  const auto length = static_cast<std::uint32_t>(payload.size());
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<char>((length >> shift) & 0xFF));
  out += check_of(payload);
  out += payload;
}

std::uint32_t length_at(std::string_view bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) length |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return length;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Spool::Spool(std::filesystem::path file) : file_(std::move(file)) {
  if (is_network_filesystem(file_)) {
    throw StartupError(file_.string() + ": is on a network file system, where results cannot be kept safely");
  }
  std::error_code none;
  std::size_t whole = 0;
  if (std::filesystem::exists(file_, none)) {
    Result<std::string> bytes = read_file(file_, log_bytes_max);
    if (!bytes) throw StartupError(bytes.error().text);
    whole = load(*bytes);
    if (whole < bytes->size()) {
      log_warning("{}: {} bytes at its end are not whole and are dropped", file_.string(), bytes->size() - whole);
    }
  }
  // Written anew: short again, and without a damaged end.
  if (Result<void> written = rewrite(); !written) throw StartupError(written.error().text);
}

std::size_t Spool::load(const std::string& bytes) {
  if (!bytes.starts_with(heading)) return 0;
  std::size_t position = heading.size();
  while (bytes.size() - position >= record_head) {
    const std::string_view rest = std::string_view(bytes).substr(position);
    const std::size_t length = length_at(rest);
    if (length == 0 || length > rest.size() - record_head) break;
    const std::string_view payload = rest.substr(record_head, length);
    if (rest.substr(4, check_bytes) != check_of(payload)) break;
    take(payload);
    position += record_head + length;
  }
  return position;
}

void Spool::take(std::string_view payload) {
  const std::string_view frame = payload.substr(1);
  if (payload[0] == 'R') {
    const Result<WorkerMessage> message = decode_worker_message(frame);
    const auto* result = message ? std::get_if<ResultMessage>(&*message) : nullptr;
    if (result == nullptr) return;  // Of a version that wrote it otherwise: it is evaluated again.
    const Key key{result->run, result->result.id, result->result.attempt};
    records_.insert_or_assign(key, Record{next_number_++, std::string(payload)});
  } else if (payload[0] == 'E') {
    const Result<CoordinatorMessage> message = decode_coordinator_message(frame);
    const auto* gone = message ? std::get_if<Acknowledge>(&*message) : nullptr;
    if (gone == nullptr) return;
    for (const HeldEvaluation& evaluation : gone->evaluations) {
      records_.erase(Key{gone->run, evaluation.id, evaluation.attempt});
    }
  }
}

std::vector<ResultMessage> Spool::results() const {
  std::vector<const Record*> ordered;
  for (const auto& [key, record] : records_) ordered.push_back(&record);
  std::sort(ordered.begin(), ordered.end(), [](const Record* a, const Record* b) { return a->number < b->number; });
  std::vector<ResultMessage> results;
  for (const Record* record : ordered) {
    Result<WorkerMessage> message = decode_worker_message(std::string_view(record->payload).substr(1));
    if (message.ok()) results.push_back(std::get<ResultMessage>(std::move(message).value()));
  }
  return results;
}

void Spool::write(const ResultMessage& result) {
  std::string payload = "R" + encode(WorkerMessage{result});
  append_record(pending_, payload);
  pending_matters_ = true;
  Record& record = records_[Key{result.run, result.result.id, result.result.attempt}];
  live_bytes_ += record_head + payload.size() - (record.payload.empty() ? 0 : record_head + record.payload.size());
  record = Record{next_number_++, std::move(payload)};
}

void Spool::erase(const ContentHash& run, const std::vector<HeldEvaluation>& evaluations) {
  Acknowledge gone{run, {}};
  for (const HeldEvaluation& evaluation : evaluations) {
    const auto record = records_.find(Key{run, evaluation.id, evaluation.attempt});
    if (record == records_.end()) continue;
    live_bytes_ -= record_head + record->second.payload.size();
    records_.erase(record);
    gone.evaluations.push_back(evaluation);
  }
  // Not urgent: a repeated result is a duplicate, a lost one is work.
  if (!gone.evaluations.empty()) append_record(pending_, "E" + encode(CoordinatorMessage{gone}));
}

Result<void> Spool::flush() {
  if (broken_ || file_bytes_ + pending_.size() > live_bytes_ + slack_bytes) return rewrite();
  if (pending_.empty()) return {};
  const bool written = write_all(fd_.get(), pending_) && (!pending_matters_ || ::fdatasync(fd_.get()) == 0);
  if (!written) {
    const Error error{file_.string() + ": cannot be written: " + std::strerror(errno)};
    broken_ = true;
    return error;
  }
  file_bytes_ += pending_.size();
  pending_.clear();
  pending_matters_ = false;
  return {};
}

Result<void> Spool::rewrite() {
  std::vector<const Record*> ordered;
  for (const auto& [key, record] : records_) ordered.push_back(&record);
  std::sort(ordered.begin(), ordered.end(), [](const Record* a, const Record* b) { return a->number < b->number; });
  std::string bytes(heading);
  for (const Record* record : ordered) append_record(bytes, record->payload);
  broken_ = true;
  if (Result<void> written = write_file_atomically(file_, bytes); !written) return written;
  fd_.reset(::open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (!fd_) return Error{file_.string() + ": cannot be opened: " + std::strerror(errno)};
  broken_ = false;
  file_bytes_ = bytes.size();
  live_bytes_ = bytes.size();
  pending_.clear();
  pending_matters_ = false;
  return {};
}

}  // namespace ocrs
