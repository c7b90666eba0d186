#include "coordinator/io/evaluator_client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <cerrno>

#include "common/core/codec.hpp"
#include "common/io/frame_stream.hpp"
#include "common/io/memory_file.hpp"

namespace ocrs {

namespace {

using std::chrono::seconds;
constexpr seconds start_within{60}, describe_within{180}, models_within{120}, preview_within{120};
constexpr seconds slack{30};  // beyond the deadline of a stage, for a machine that is busy
constexpr std::size_t image_bytes_max = std::size_t{2} << 30;
constexpr std::size_t document_bytes_max = std::size_t{4} << 30;

}  // namespace

std::filesystem::path worker_program() {
  const auto own = own_executable();
  if (!own) throw StartupError(own.error().text);
  std::filesystem::path program = own->parent_path() / "ocrscreen-worker";
  std::error_code error;
  if (!std::filesystem::exists(program, error)) {
    throw StartupError(
        fmt::format("{}: not found; ocrscreen needs ocrscreen-worker in its own folder", program.string()));
  }
  return program;
}

Result<void> EvaluatorClient::start() {
  if (child_) return {};
  ChildOptions options;
  options.executable = program_;
  options.arguments = {"--evaluator", "3"};
  options.environment = {{"OMP_THREAD_LIMIT", "1"}};
  options.socket_number = 3;
  auto child = ChildProcess::spawn(options);
  if (!child) return child.error();
  child_ = std::move(*child);
  prepared_ = false;
  loaded_.reset();
  node_.clear();
  auto first = receive(start_within);
  if (!first) return first.error();
  if (const auto* ready = std::get_if<Ready>(&*first)) {
    versions_ = ready->engine;
    return {};
  }
  if (const auto* problem = std::get_if<Problem>(&*first)) {
    child_.reset();
    return Error{"the evaluator cannot start: " + problem->text};
  }
  child_.reset();
  return Error{"the evaluator's first report is not READY: are ocrscreen and ocrscreen-worker of one build?"};
}

Error EvaluatorClient::death(const std::string& what) {
  std::string text = what + (node_.empty() ? "" : " in " + node_);
  if (child_) {
    ErrorTail tail;
    // The pipe ends with the child; what it printed before is still in it.
    child_->signal_group(SIGKILL);
    const ChildExit exit = child_->reap();
    node_.clear();
    tail.read_from(child_->error_output());
    text += " (" + to_string(exit) + (tail.text().empty() ? "" : "; its last words: " + tail.text()) + ")";
  }
  child_.reset();
  return Error{text};
}

Error EvaluatorClient::given_up(const std::string& what) {
  child_.reset();
  return Error{what};
}

Result<void> EvaluatorClient::send(const EvaluatorCommand& command, int descriptor) {
  auto sent = write_frame(child_->socket(), encode(command), descriptor);
  if (!sent) return death("the evaluator went away");
  return {};
}

Result<EvaluatorReport> EvaluatorClient::receive(seconds within) {
  pollfd item{child_->socket(), POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&item, 1, static_cast<int>(std::chrono::milliseconds{within}.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return death(fmt::format("the evaluator gave no answer within {} s", within.count()));
  auto frame = read_frame(child_->socket());
  if (!frame || !*frame) {
    // It closed its end: let it say how it ended by itself.
    ErrorTail tail;
    const ChildExit exit = child_->reap();
    tail.read_from(child_->error_output());
    child_.reset();
    const std::string where = node_.empty() ? "" : " in " + node_;
    return Error{"the evaluator " + to_string(exit) + where +
                 (tail.text().empty() ? "" : "; its last words: " + tail.text())};
  }
  descriptor_ = std::move((*frame)->descriptor);
  return decode_evaluator_report((*frame)->bytes);
}

Result<EvaluatorReport> EvaluatorClient::receive_past_started() {
  while (true) {
    auto report = receive(seconds{prepare_->screening.limits.deadline_s} + slack);
    if (!report) return report;
    const auto* started = std::get_if<Started>(&*report);
    if (!started) {
      node_.clear();
      return report;
    }
    node_ = started->node;
  }
}

Result<EngineVersions> EvaluatorClient::versions() {
  if (auto started = start(); !started) return started.error();
  return *versions_;
}

Result<PageDescription> EvaluatorClient::describe(const std::filesystem::path& file, std::uint64_t max_pixels) {
  if (auto started = start(); !started) return started.error();
  auto bytes = make_memory_file_of(file.c_str(), image_bytes_max);
  if (!bytes) return PageDescription{.error = bytes.error().text, .frames = {}};
  if (auto sent = send(DescribePage{file.filename().string(), max_pixels}, bytes->get()); !sent) return sent.error();
  auto report = receive(describe_within);
  if (!report) return PageDescription{.error = "kills the image decoder: " + report.error().text, .frames = {}};
  if (auto* description = std::get_if<PageDescription>(&*report)) return std::move(*description);
  if (const auto* problem = std::get_if<Problem>(&*report))
    return PageDescription{.error = problem->text, .frames = {}};
  return death("the evaluator answered DESCRIBE_PAGE with another report");
}

Result<void> EvaluatorClient::check_models(const std::filesystem::path& tessdata,
                                           const std::vector<std::string>& languages, std::int32_t oem) {
  if (auto started = start(); !started) return started.error();
  if (auto sent = send(CheckModels{tessdata.string(), languages, oem}); !sent) return sent.error();
  auto report = receive(models_within);
  if (!report) return Error{"loading the models: " + report.error().text};
  if (const auto* checked = std::get_if<ModelsChecked>(&*report)) {
    if (checked->error.empty()) return {};
    return Error{checked->error};
  }
  if (const auto* problem = std::get_if<Problem>(&*report)) return Error{problem->text};
  return death("the evaluator answered CHECK_MODELS with another report");
}

void EvaluatorClient::prepare(Prepare screening) {
  prepare_ = std::move(screening);
  prepared_ = false;
}

Result<void> EvaluatorClient::load(PageIndex page, const std::filesystem::path& file, const std::string& ground_truth) {
  OCRS_CHECK(prepare_.has_value(), "a page before prepare()");
  if (auto started = start(); !started) return started.error();
  if (!prepared_) {
    if (auto sent = send(*prepare_); !sent) return sent.error();
    prepared_ = true;
  }
  loaded_.reset();
  auto bytes = make_memory_file_of(file.c_str(), image_bytes_max);
  if (!bytes) return bytes.error();
  if (auto sent = send(LoadPage{page, ground_truth}, bytes->get()); !sent) return sent.error();
  loaded_ = {page, file};
  return {};
}

Result<std::string> EvaluatorClient::preview_of(PageIndex page, const Point& point, std::uint32_t width_max) {
  if (auto sent = send(Preview{page, point, width_max}); !sent) return sent.error();
  while (true) {
    auto report = receive(preview_within);
    if (!report) return report.error();
    if (const auto* problem = std::get_if<Problem>(&*report)) return Error{problem->text};
    if (auto* previewed = std::get_if<Previewed>(&*report)) {
      if (!previewed->error.empty()) return Error{previewed->error};
      return std::move(previewed->image);
    }
  }
}

std::vector<Result<std::string>> EvaluatorClient::preview(PageIndex page, const std::filesystem::path& file,
                                                          const std::vector<Point>& points, std::uint32_t width_max) {
  std::vector<Result<std::string>> pictures;
  bool loaded = false;
  for (const Point& point : points) {
    if (!child_ || !loaded) {
      if (auto done = load(page, file, {}); !done) {
        pictures.emplace_back(done.error());
        continue;
      }
      loaded = true;
    }
    pictures.push_back(preview_of(page, point, width_max));
  }
  return pictures;
}

Result<std::vector<Evaluated>> EvaluatorClient::evaluate(PageIndex page, const std::filesystem::path& file,
                                                         const std::string& ground_truth,
                                                         const std::vector<Point>& points) {
  if (auto loaded = load(page, file, ground_truth); !loaded) return loaded.error();
  const std::vector<Attempt> attempts(points.size(), Attempt{1});
  if (auto sent = send(Evaluate{BatchId{1}, page, points, attempts}); !sent) return sent.error();
  std::vector<Evaluated> results;
  while (true) {
    auto report = receive_past_started();
    if (!report) return report.error();
    if (auto* evaluated = std::get_if<Evaluated>(&*report)) results.push_back(std::move(*evaluated));
    if (const auto* problem = std::get_if<Problem>(&*report)) return given_up(problem->text);
    if (std::holds_alternative<EvaluateDone>(*report)) return results;
  }
}

Result<EvaluatorClient::Document> EvaluatorClient::render(const std::filesystem::path& file, const Render& order) {
  const std::pair<PageIndex, std::filesystem::path> wanted{order.page, file};
  if (!prepared_ || !child_ || loaded_ != wanted) {
    if (auto loaded = load(order.page, file, ""); !loaded) return loaded.error();
  }
  if (auto sent = send(order); !sent) return sent.error();
  auto report = receive_past_started();
  if (!report) return report.error();
  if (const auto* problem = std::get_if<Problem>(&*report)) return given_up(problem->text);
  auto* rendered = std::get_if<Rendered>(&*report);
  if (!rendered) return given_up("the evaluator answered RENDER with another report");
  Document document{std::move(rendered->result), {}};
  if (document.result.failure) return document;
  auto bytes = MemoryView::map(descriptor_.get(), document_bytes_max);
  if (!bytes) return given_up("the document did not come: " + bytes.error().text);
  document.bytes = bytes->bytes();
  return document;
}

}  // namespace ocrs
