// The states of an evaluation and of a worker, and every transition between them, as total tables: each state says for
// each event where it leads or that the event changes nothing. Decides nothing else; no data, no time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ocrs {

enum class EvaluationState : std::uint8_t { pending, leased, done, retry, quarantined, cancelled, dropped };
inline constexpr std::size_t evaluation_states = 7;

enum class EvaluationEvent : std::uint8_t {
  handed_out,     // sent to a worker, for the first time, again, or as a copy
  adopted,        // a worker that came back holds it
  finished,       // scores, or a failure that is the setting's for certain
  died,           // a failure that may be the host's, and no other lease is left
  given_back,     // the last lease ended without blame, and it never died before
  back_to_retry,  // the last lease ended without blame, and it died before
  blamed,         // two deaths, or its page or prefix is condemned
  cancel,
  drop,
  reopen,  // retry-failed
  fill,    // what was dropped is wanted after all
};
inline constexpr std::size_t evaluation_events = 11;

enum class WorkerState : std::uint8_t { active, suspect, lost, draining, gone };
inline constexpr std::size_t worker_states = 5;

enum class WorkerEvent : std::uint8_t {
  hello,            // accepted
  heard,            // any message
  silent,           // nothing heard for suspect_s
  connection_lost,  // the transport says so
  expired,          // lease_s of silence, or a lost connection that did not come back in suspect_s
  drain,            // asked to drain, or says that it drains
  leave,            // goodbye, or rejected
};
inline constexpr std::size_t worker_events = 7;

namespace transition_tables {

// A cell is the next state, or `stays`: the event is ordinary there and changes nothing, or it is counted as unexpected
// by whoever applies it.
inline constexpr std::uint8_t stays = 0xFE;
inline constexpr std::uint8_t undefined = 0xFF;

template <class State>
constexpr std::uint8_t to(State state) {
  return static_cast<std::uint8_t>(state);
}

template <std::size_t States, std::size_t Events>
using Table = std::array<std::array<std::uint8_t, Events>, States>;

template <std::size_t States, std::size_t Events>
constexpr bool is_total(const Table<States, Events>& table) {
  for (const auto& row : table) {
    for (const std::uint8_t cell : row) {
      if (cell == undefined || (cell != stays && cell >= States)) return false;
    }
  }
  return true;
}

constexpr Table<evaluation_states, evaluation_events> make_evaluations() {
  using S = EvaluationState;
  constexpr std::uint8_t pending = to(S::pending), leased = to(S::leased), done = to(S::done), retry = to(S::retry),
                         quarantined = to(S::quarantined), cancelled = to(S::cancelled), dropped = to(S::dropped);
  Table<evaluation_states, evaluation_events> table{};
  for (auto& row : table) row.fill(undefined);
  // handed_out, adopted, finished, died, given_back, back_to_retry, blamed, cancel, drop, reopen, fill
  table[pending] = {leased, leased, done, retry, stays, stays, quarantined, cancelled, dropped, stays, stays};
  table[leased] = {leased, leased, done, retry, pending, retry, quarantined, cancelled, dropped, stays, stays};
  table[retry] = {leased, leased, done, retry, stays, stays, quarantined, cancelled, dropped, stays, stays};
  table[done] = {stays, stays, stays, stays, stays, stays, stays, stays, stays, stays, stays};
  table[quarantined] = {stays, stays, stays, stays, stays, stays, stays, stays, stays, pending, stays};
  table[cancelled] = {stays, stays, done, stays, stays, stays, stays, stays, stays, pending, stays};
  table[dropped] = {stays, stays, stays, stays, stays, stays, stays, stays, stays, stays, pending};
  return table;
}

constexpr Table<worker_states, worker_events> make_workers() {
  using S = WorkerState;
  constexpr std::uint8_t active = to(S::active), suspect = to(S::suspect), lost = to(S::lost),
                         draining = to(S::draining), gone = to(S::gone);
  Table<worker_states, worker_events> table{};
  for (auto& row : table) row.fill(undefined);
  // hello, heard, silent, connection_lost, expired, drain, leave
  table[active] = {active, stays, suspect, lost, gone, draining, gone};
  table[suspect] = {active, active, stays, lost, gone, draining, gone};
  table[lost] = {active, stays, stays, stays, gone, stays, gone};
  table[draining] = {active, stays, stays, lost, gone, stays, gone};
  table[gone] = {active, stays, stays, stays, stays, stays, stays};
  return table;
}

inline constexpr auto evaluations = make_evaluations();
inline constexpr auto workers = make_workers();
static_assert(is_total(evaluations), "every evaluation state answers every event");
static_assert(is_total(workers), "every worker state answers every event");

}  // namespace transition_tables

/// nullopt: the event changes nothing in that state.
[[nodiscard]] constexpr std::optional<EvaluationState> next_state(EvaluationState state, EvaluationEvent event) {
  const std::uint8_t cell =
      transition_tables::evaluations[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
  if (cell == transition_tables::stays) return std::nullopt;
  return static_cast<EvaluationState>(cell);
}

[[nodiscard]] constexpr std::optional<WorkerState> next_state(WorkerState state, WorkerEvent event) {
  const std::uint8_t cell =
      transition_tables::workers[static_cast<std::size_t>(state)][static_cast<std::size_t>(event)];
  if (cell == transition_tables::stays) return std::nullopt;
  return static_cast<WorkerState>(cell);
}

/// Nothing more is to be done for it in this run, unless it is reopened.
[[nodiscard]] constexpr bool is_final(EvaluationState state) {
  return state != EvaluationState::pending && state != EvaluationState::leased && state != EvaluationState::retry;
}

static_assert(!next_state(EvaluationState::done, EvaluationEvent::handed_out), "done is final");
static_assert(!next_state(EvaluationState::done, EvaluationEvent::reopen), "scores are never thrown away");
static_assert(!next_state(EvaluationState::done, EvaluationEvent::blamed), "the first commit stands");
static_assert(!next_state(EvaluationState::quarantined, EvaluationEvent::finished), "the first commit stands");
static_assert(next_state(EvaluationState::retry, EvaluationEvent::finished) == EvaluationState::done,
              "a late valid result is kept");
static_assert(next_state(EvaluationState::cancelled, EvaluationEvent::finished) == EvaluationState::done,
              "work that was done is kept after a cancel");
static_assert(next_state(EvaluationState::leased, EvaluationEvent::given_back) == EvaluationState::pending);
static_assert(next_state(WorkerState::gone, WorkerEvent::hello) == WorkerState::active, "anyone may come back");
static_assert(!next_state(WorkerState::lost, WorkerEvent::heard), "a lost connection must say HELLO again");

[[nodiscard]] constexpr std::string_view to_string(EvaluationState state) {
  switch (state) {
    case EvaluationState::pending:
      return "pending";
    case EvaluationState::leased:
      return "leased";
    case EvaluationState::done:
      return "done";
    case EvaluationState::retry:
      return "retry";
    case EvaluationState::quarantined:
      return "quarantined";
    case EvaluationState::cancelled:
      return "cancelled";
    case EvaluationState::dropped:
      return "dropped";
  }
  return "unknown";
}

[[nodiscard]] constexpr std::string_view to_string(WorkerState state) {
  switch (state) {
    case WorkerState::active:
      return "active";
    case WorkerState::suspect:
      return "suspect";
    case WorkerState::lost:
      return "lost";
    case WorkerState::draining:
      return "draining";
    case WorkerState::gone:
      return "gone";
  }
  return "unknown";
}

}  // namespace ocrs
