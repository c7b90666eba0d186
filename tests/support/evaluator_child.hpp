// A real evaluator child of a test: this test's own executable, which its main turns into an evaluator when it is
// started with `--evaluator FD` (evaluator_main.cpp).
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "common/core/codec.hpp"
#include "common/io/child_process.hpp"
#include "common/io/frame_stream.hpp"
#include "common/io/memory_file.hpp"

namespace ocrs {

class EvaluatorChild {
 public:
  explicit EvaluatorChild(const char* thread_limit = "1", std::uint64_t address_space_bytes_max = 0)
      : child_(spawn(thread_limit, address_space_bytes_max)) {}

  void send(const EvaluatorCommand& command) { send_frame(encode(command)); }
  void send(const EvaluatorCommand& command, std::string_view file) {
    const Result<UniqueFd> memory = make_memory_file(file);
    ASSERT_TRUE(memory.ok()) << memory.error().text;
    const Result<void> sent = write_frame(child_.socket(), encode(command), memory->get());
    ASSERT_TRUE(sent.ok()) << sent.error().text;
  }
  void send_frame(std::string_view bytes) {
    const Result<void> sent = write_frame(child_.socket(), bytes);
    ASSERT_TRUE(sent.ok()) << sent.error().text;
  }

  /// nullopt = the child has closed the socket, or said nothing for a minute (then the test fails).
  std::optional<EvaluatorReport> receive() {
    pollfd readable{child_.socket(), POLLIN, 0};
    if (poll(&readable, 1, 60'000) <= 0) {
      ADD_FAILURE() << "the evaluator says nothing";
      return std::nullopt;
    }
    auto frame = read_frame(child_.socket());
    if (!frame.ok() || !frame->has_value()) return std::nullopt;
    auto report = decode_evaluator_report((*frame)->bytes);
    EXPECT_TRUE(report.ok()) << report.error().text;
    if (!report.ok()) return std::nullopt;
    return *report;
  }
  template <class Report>
  Report expect() {
    const auto report = receive();
    if (report && std::holds_alternative<Report>(*report)) return std::get<Report>(*report);
    if (report && std::holds_alternative<Problem>(*report)) ADD_FAILURE() << std::get<Problem>(*report).text;
    ADD_FAILURE() << "another report than expected: " << (report ? static_cast<int>(report->index()) : -1);
    return {};
  }
  /// Everything up to and with EvaluateDone.
  std::vector<EvaluatorReport> batch_reports() {
    std::vector<EvaluatorReport> reports;
    while (auto report = receive()) {
      reports.push_back(*report);
      if (std::holds_alternative<EvaluateDone>(*report)) break;
    }
    return reports;
  }

  void close() { child_.close_socket(); }
  ChildExit exit() { return child_.reap(); }
  /// What the child has printed, once it has ended.
  std::string printed() {
    ErrorTail tail;
    pollfd readable{child_.error_output(), POLLIN, 0};
    while (poll(&readable, 1, 10'000) > 0 && tail.read_from(child_.error_output())) {
    }
    return tail.text();
  }

 private:
  static ChildProcess spawn(const char* thread_limit, std::uint64_t address_space_bytes_max) {
    ChildOptions options;
    options.executable = own_executable().value();
    options.arguments = {"--evaluator", "3"};
    options.environment = {{"OMP_THREAD_LIMIT", thread_limit}};
    options.address_space_bytes_max = address_space_bytes_max;
    return ChildProcess::spawn(options).value();
  }
  ChildProcess child_;
};

}  // namespace ocrs
