// Night-sized screenings against the scheduler alone: many lanes that only take time. Nothing goes wrong here; what is
// asked is that everything is run once, that lanes stay on their pages, and that an event costs the same at any size.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "coordinator/core/scheduler.hpp"
#include "tests/support/scheduler_bench.hpp"

namespace ocrs {
namespace {

class Night {
 public:
  Night(SchedulerSettings settings, std::uint32_t workers, std::uint32_t lanes, bool one_host)
      : pages_(static_cast<std::uint32_t>(settings.screening.pages.size())),
        run_(settings.screening.run),
        engine_(settings.engine),
        scheduler_(std::move(settings)),
        lanes_(lanes),
        queues_(workers * lanes) {
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      Hello hello;
      hello.worker = test::numbered_uuid(worker + 1);
      hello.host_id = one_host ? "host" : "host" + std::to_string(worker);
      hello.engine = engine_;
      hello.lanes = lanes;
      feed(WorkerSaid{connection(worker), hello});
      for (std::uint32_t lane = 0; lane < lanes; ++lane)
        feed(WorkerSaid{connection(worker), Credit{LaneIndex{lane}, 2}});
    }
  }

  void run() {
    TimePoint tick{};
    while (!complete_ && !due_.empty()) {
      const auto [at, lane] = due_.top();
      due_.pop();
      now_ = at;
      if (now_ - tick > std::chrono::seconds(1)) {
        tick = now_;
        for (std::uint32_t worker = 0; worker * lanes_ < queues_.size(); ++worker) {
          feed(WorkerSaid{connection(worker), WorkerHeartbeat{1, lanes_, 0, 0}});
        }
        feed(Tick{});
      }
      result(lane);
    }
  }

  [[nodiscard]] const Scheduler& scheduler() const { return scheduler_; }
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t results() const { return results_; }
  [[nodiscard]] int page_visits_max() const {
    int most = 0;
    for (const auto& [lane_and_page, visits] : visits_) most = std::max(most, visits);
    return most;
  }
  [[nodiscard]] double hours() const { return std::chrono::duration<double>(now_).count() / 3600; }
  [[nodiscard]] double idle_share() const {
    double busy = 0;
    for (const Queue& queue : queues_) busy += std::chrono::duration<double>(queue.busy).count();
    return 1 - busy / (static_cast<double>(queues_.size()) * std::chrono::duration<double>(now_).count());
  }

 private:
  struct Queue {
    std::deque<Batch> batches;
    std::size_t next = 0;  // of the first batch
    std::optional<std::uint32_t> page;
    TimePoint busy{};
  };
  static ConnectionId connection(std::uint32_t worker) { return {std::to_string(worker)}; }

  /// 0.6 to 2.4 s by page, and workers differ by up to a half.
  [[nodiscard]] TimePoint duration(std::uint32_t lane, const Batch& batch) const {
    const std::int64_t by_page = 600'000 + 1'800'000 * batch.page.value / std::max(1U, pages_);
    return TimePoint{by_page * (10 + (lane / lanes_) % 5) / 10};
  }

  void start(std::uint32_t lane) {
    Queue& queue = queues_[lane];
    const Batch& batch = queue.batches.front();
    if (queue.page != batch.page.value) {
      queue.page = batch.page.value;
      ++visits_[{lane, batch.page.value}];
    }
    queue.busy += duration(lane, batch);
    due_.emplace(now_ + duration(lane, batch), lane);
  }

  void result(std::uint32_t lane) {
    Queue& queue = queues_[lane];
    const Batch batch = queue.batches.front();
    ResultMessage message;
    message.run = run_;
    message.batch = batch.batch;
    message.result.id = {batch.page, batch.points[queue.next].index};
    message.result.attempt = batch.attempts[queue.next];
    message.result.scores = test::scores_of(message.result.id);
    message.result.cost.elapsed_ms = std::chrono::duration<double, std::milli>(duration(lane, batch)).count();
    ++results_;
    if (++queue.next == batch.points.size()) {
      queue.next = 0;
      queue.batches.pop_front();
      if (!queue.batches.empty()) start(lane);
      feed(WorkerSaid{connection(lane / lanes_), std::move(message)});
      feed(WorkerSaid{connection(lane / lanes_), Credit{LaneIndex{lane % lanes_}, 1}});
    } else {
      start(lane);
      feed(WorkerSaid{connection(lane / lanes_), std::move(message)});
    }
  }

  void feed(const SchedulerEvent& event) {
    ++events_;
    for (SchedulerEffect& effect : scheduler_.handle(event, now_)) {
      if (auto* send = std::get_if<SendToWorker>(&effect)) {
        hear(static_cast<std::uint32_t>(std::stoul(send->to.routing)), send->message);
      } else if (auto* commit = std::get_if<CommitFinal>(&effect)) {
        waiting_.push_back(commit->ticket);
      } else if (std::holds_alternative<ScreeningComplete>(effect)) {
        complete_ = true;
      }
    }
    const bool last = scheduler_.counts().leased + scheduler_.counts().pending == 0;
    if (waiting_.size() >= 64 || (last && !waiting_.empty())) feed(Committed{std::exchange(waiting_, {})});
  }

  void hear(std::uint32_t worker, CoordinatorMessage& message) {
    if (auto* batch = std::get_if<Batch>(&message)) {
      const std::uint32_t lane = worker * lanes_ + batch->lane.value;
      queues_[lane].batches.push_back(std::move(*batch));
      if (queues_[lane].batches.size() == 1) start(lane);
    } else if (auto* retract = std::get_if<Retract>(&message)) {
      for (std::uint32_t lane = worker * lanes_; lane < (worker + 1) * lanes_; ++lane)
        give_back(worker, lane, *retract);
    }
  }

  void give_back(std::uint32_t worker, std::uint32_t lane, const Retract& retract) {
    std::deque<Batch>& batches = queues_[lane].batches;
    for (std::size_t i = 1; i < batches.size(); ++i) {
      if (batches[i].batch != retract.batch) continue;
      Returned returned{retract.batch, {}, "asked back"};
      for (std::size_t k = 0; k < batches[i].points.size(); ++k) {
        returned.evaluations.push_back({{batches[i].page, batches[i].points[k].index}, batches[i].attempts[k]});
      }
      batches.erase(batches.begin() + static_cast<std::ptrdiff_t>(i));
      later_.emplace_back(worker, std::move(returned));
      break;
    }
    for (auto& [from, said] : std::exchange(later_, {})) feed(WorkerSaid{connection(from), std::move(said)});
  }

  std::uint32_t pages_;
  ContentHash run_;
  EngineVersions engine_;
  Scheduler scheduler_;
  std::uint32_t lanes_;
  std::vector<Queue> queues_;
  std::vector<std::uint64_t> waiting_;
  std::vector<std::pair<std::uint32_t, Returned>> later_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> visits_;
  using Due = std::pair<TimePoint, std::uint32_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  TimePoint now_{};
  std::uint64_t events_ = 0, results_ = 0;
  bool complete_ = false;
};

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

TEST(SchedulerScale, KeepsEverySlotOnItsPagesThroughAWholeNight) {
  for (const std::uint32_t lanes : {1U, 2U, 7U, 32U}) {
    Night night(test::sample_settings(24, 2048), 1, lanes, true);
    night.run();
    ASSERT_TRUE(night.complete());
    EXPECT_EQ(night.results(), 24U * 2049U) << "each is run once";
    EXPECT_EQ(night.page_visits_max(), 1) << lanes << " lanes";
    EXPECT_LT(night.idle_share(), 0.01) << lanes << " lanes";
  }
}

TEST(SchedulerScale, KeepsAThousandHostsBusy) {
  Night night(test::sample_settings(24, 2048), 1000, 4, false);
  night.run();
  ASSERT_TRUE(night.complete());
  EXPECT_EQ(night.scheduler().counts().done, 24U * 2049U);
  EXPECT_EQ(night.scheduler().broken_invariant(), std::nullopt);
  EXPECT_EQ(night.page_visits_max(), 1);
  EXPECT_LT(static_cast<double>(night.results()), 1.05 * 24 * 2049) << "copies are few";
}

TEST(SchedulerScale, PaysNoMorePerEventWithFiftyTimesTheLanes) {
  // Handling only; far above what either takes, far below what a scan over lanes or evaluations would take.
  for (const std::uint32_t workers : {50U, 2500U}) {
    Night night(test::sample_settings(24, 2048), workers, 4, false);
    const double seconds = seconds_of([&] { night.run(); });
    ASSERT_TRUE(night.complete());
    RecordProperty("microseconds_per_event_" + std::to_string(workers),
                   std::to_string(1e6 * seconds / static_cast<double>(night.events())));
    std::printf("%u workers x 4 lanes: %.1f us per event, %llu events\n", workers,
                1e6 * seconds / static_cast<double>(night.events()), static_cast<unsigned long long>(night.events()));
    EXPECT_LT(1e6 * seconds / static_cast<double>(night.events()), 500) << workers << " workers";
  }
}

}  // namespace
}  // namespace ocrs
