// A Journal in memory with the port's promises: all rows or none, the first final record stands, readings distinct.
// Can be told to fail, as a full disk does. One thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/io/journal.hpp"

namespace ocrs::test {

class MemoryJournal : public Journal {
 public:
  using ReadingDecoder = std::function<Result<Reading>(const std::string& blob)>;

  MemoryJournal() = default;
  /// `decode` turns a reading's blob as it was appended back into a Reading.
  explicit MemoryJournal(ReadingDecoder decode) : decode_(std::move(decode)) {}

  [[nodiscard]] Result<void> append(const std::vector<JournalRow>& rows) override {
    ++append_calls;
    if (failure) return Error{*failure};
    for (const JournalRow& row : rows) std::visit([this](const auto& kept) { keep(kept); }, row);
    return {};
  }

  [[nodiscard]] Result<std::vector<StoredEvaluation>> evaluations() override {
    std::vector<StoredEvaluation> all;
    for (const auto& [id, stored] : finals) all.push_back(stored);
    return all;
  }

  [[nodiscard]] Result<std::vector<AttemptRow>> attempts() override { return attempt_rows; }

  [[nodiscard]] Result<std::optional<Reading>> reading(const ContentHash& hash) override {
    const auto found = readings.find(hash);
    if (found == readings.end()) return std::optional<Reading>{};
    if (!decode_) return Error{"this journal in memory was given no decoder for readings"};
    Result<Reading> decoded = decode_(found->second);
    if (!decoded) return decoded.error();
    return std::optional<Reading>{std::move(*decoded)};
  }

  [[nodiscard]] Result<void> set(const std::string& key, const std::string& value) override {
    if (failure) return Error{*failure};
    settings[key] = value;
    return {};
  }

  [[nodiscard]] Result<std::optional<std::string>> get(const std::string& key) override {
    const auto found = settings.find(key);
    return found == settings.end() ? std::optional<std::string>{} : std::optional<std::string>{found->second};
  }

  std::optional<std::string> failure;  // set = append and set fail with this text
  int append_calls = 0;
  int ignored_finals = 0;
  std::map<EvaluationId, StoredEvaluation> finals;
  std::map<ContentHash, std::string> readings;
  std::vector<AttemptRow> attempt_rows;
  std::vector<EventRow> events;
  std::map<std::string, std::string> settings;

 private:
  void keep(const FinalRow& row) {
    if (!row.reading.empty()) readings.emplace(row.result.reading, row.reading);
    const bool fresh =
        finals.emplace(row.result.id, StoredEvaluation{row.status, row.result, row.worker, row.time_ms}).second;
    if (!fresh) ++ignored_finals;
  }
  void keep(const AttemptRow& row) { attempt_rows.push_back(row); }
  void keep(const ReopenRow& row) { finals.erase(row.id); }
  void keep(const EventRow& row) { events.push_back(row); }

  ReadingDecoder decode_;
};

}  // namespace ocrs::test
