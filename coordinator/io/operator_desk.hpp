// OperatorDesk turns what an operator asks over the control socket into scheduler events and answers: what is shown,
// what is refused and why, and what the journal keeps of it for a restart. Decides nothing about evaluations
// (scheduler), owns no socket (control_server). One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/core/scheduler.hpp"
#include "coordinator/core/screening.hpp"
#include "coordinator/io/control_messages.hpp"
#include "coordinator/io/journal.hpp"

namespace ocrs {

/// What only the coordinator's loop knows.
struct LoopState {
  bool stopping = false;        // by a signal
  std::string journal_trouble;  // empty = it can be written
  double per_second = 0;        // measured over the last minutes; 0 = not yet
};

class OperatorDesk {
 public:
  OperatorDesk(const Scheduler& scheduler, Journal& journal, const Screening& screening);

  struct Answer {
    ControlReply reply;
    std::vector<SchedulerEvent> events;  // to be fed now; their notices complete the reply's text
    std::string unchanged;               // the reply's text when the events gave no notice
    bool start_drained = false;          // local workers that were drained are wanted again
  };
  [[nodiscard]] Answer answer(const ControlRequest& request, const LoopState& loop, TimePoint now);
  /// Of the design, as extended so far.
  [[nodiscard]] std::uint32_t points() const { return points_; }

 private:
  [[nodiscard]] std::string status(const LoopState& loop) const;
  [[nodiscard]] std::string workers(TimePoint now) const;
  [[nodiscard]] Answer explain(const EvaluationId& id) const;
  [[nodiscard]] Answer drain(const std::string& name, TimePoint now) const;
  [[nodiscard]] Answer extend(std::uint32_t points);
  [[nodiscard]] Answer fill();
  /// The sentence to add when it cannot be kept.
  [[nodiscard]] std::string keep(const char* setting, const std::string& value);

  const Scheduler& scheduler_;
  Journal& journal_;
  const Screening& screening_;
  std::uint32_t points_;
};

/// Points `first` … `points` - 1 of the design in the order in which they are best run.
[[nodiscard]] std::vector<Point> points_in_schedule_order(const Screening& screening, std::uint32_t first,
                                                          std::uint32_t points);
/// The sentence that says why a design of `had` points cannot be extended to `points`; empty = it can.
[[nodiscard]] std::string extension_refusal(std::uint32_t had, std::uint32_t points);

}  // namespace ocrs
