// The workers and hosts the coordinator has heard of: who is connected under which routing id, who may be given work,
// which lanes have credit. Keeps its indices true; decides nothing about evaluations and sends nothing. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/core/messages.hpp"
#include "coordinator/core/page_queue.hpp"
#include "coordinator/core/scheduler_messages.hpp"
#include "coordinator/core/transitions.hpp"

namespace ocrs {

struct WorkerLane {
  std::uint32_t credit = 0;             // batches it can take now
  std::uint32_t outstanding = 0;        // batches it has, not finished
  std::optional<std::uint32_t> listed;  // the outstanding count under which it stands in the ready lists
};

/// A worker is given work once its reading of the canary page was compared with the coordinator's.
enum class Admission : std::uint8_t { admitted, wanted, asked };

struct Worker {
  WorkerUuid uuid;
  std::string label;  // "host/uuid prefix"
  std::uint32_t host = 0;
  WorkerState state = WorkerState::gone;
  ConnectionId connection;
  bool connected = false;
  bool awaiting_hello = false;  // told to say HELLO again; nothing else is sent to it
  bool counted = false;         // among its host's eligible workers
  Admission admission = Admission::admitted;
  bool other_numbers = false;  // its canary is close, not equal: a numeric class of its own
  std::uint32_t canary_failures = 0;
  bool foreign_run_told = false;
  std::string build;
  Hardware hardware;
  std::vector<WorkerLane> lanes;
  std::set<std::uint64_t> batches;  // ids of those not finished

  TimePoint joined{}, heard{}, beat{}, lost_since{};
  TimePoint useful{};  // the last message that was no heartbeat, or the last batch sent
  TimePoint asked{};   // to say HELLO again
  std::uint64_t beats = 0;
  std::uint32_t lanes_busy = 0;  // as it says
  double load = 0;
  std::uint64_t memory_available_bytes = 0;

  double speed = 1;  // its time for an evaluation / the fleet's mean time on that page
  std::uint64_t results = 0, done = 0, failed = 0, duplicates = 0, returned = 0, deaths = 0;
  double busy_ms = 0;  // sum of elapsed_ms
};

struct Host {
  std::string id, name;
  std::uint32_t eligible_workers = 0;
  std::optional<TimePoint> aside_until;  // gets nothing until then
  TimePoint rest{};                      // of the last time it was set aside; 0 = never
  std::string aside_why;
  std::uint32_t contradicted = 0;  // deaths of evaluations another host passed, since it was last set aside
  std::uint32_t deaths_in_row = 0;
  std::set<std::uint32_t> pages_in_row;               // of these deaths
  std::set<std::pair<std::uint32_t, LaneKey>> ready;  // (outstanding, lane)
};

class WorkerTable {
 public:
  [[nodiscard]] std::uint32_t intern_host(const std::string& id, const std::string& name);
  /// The worker of that uuid, made if there is none (state gone, not connected).
  [[nodiscard]] std::uint32_t intern_worker(const WorkerUuid& uuid, const std::string& host_id,
                                            const std::string& host_name);
  [[nodiscard]] std::optional<std::uint32_t> find(const ConnectionId& connection) const;
  [[nodiscard]] std::optional<std::uint32_t> find(const WorkerUuid& uuid) const;
  [[nodiscard]] Worker& operator[](std::uint32_t worker) { return workers_[worker]; }
  [[nodiscard]] const Worker& operator[](std::uint32_t worker) const { return workers_[worker]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(workers_.size()); }
  [[nodiscard]] Host& host(std::uint32_t host) { return hosts_[host]; }
  [[nodiscard]] const Host& host(std::uint32_t host) const { return hosts_[host]; }
  [[nodiscard]] const Host& host_of(std::uint32_t worker) const { return hosts_[workers_[worker].host]; }
  [[nodiscard]] std::uint32_t hosts() const { return static_cast<std::uint32_t>(hosts_.size()); }

  void connect(std::uint32_t worker, const ConnectionId& connection);
  void disconnect(std::uint32_t worker);
  /// Moves the worker along the table of transitions; false = the event changes nothing in its state.
  bool apply(std::uint32_t worker, WorkerEvent event);
  /// May be given work: active, connected, greeted, admitted, its host not set aside.
  [[nodiscard]] bool is_eligible(std::uint32_t worker) const;
  /// Brings the indices in line after anything eligibility depends on has changed.
  void refresh(std::uint32_t worker);
  void refresh_host(std::uint32_t host);
  /// Sets the number of lanes; credit starts at 0, what is outstanding stays.
  void set_lanes(std::uint32_t worker, std::uint32_t lanes);
  void change_lane(LaneKey lane, std::int32_t credit, std::int32_t outstanding);
  [[nodiscard]] bool has_lane(LaneKey lane) const { return lane.lane < workers_[lane.worker].lanes.size(); }

  /// A lane with credit that has least to do, anywhere or on that host.
  [[nodiscard]] std::optional<LaneKey> ready_lane() const;
  [[nodiscard]] std::optional<LaneKey> ready_lane_on(std::uint32_t host) const;
  /// A lane with credit on any other host.
  [[nodiscard]] std::optional<LaneKey> ready_lane_not_on(std::uint32_t host) const;
  [[nodiscard]] const std::set<std::pair<std::uint32_t, LaneKey>>& ready() const { return ready_; }
  [[nodiscard]] std::uint32_t eligible_hosts() const { return eligible_hosts_; }
  /// Lanes of all workers that may be given work.
  [[nodiscard]] std::uint32_t eligible_lanes() const { return eligible_lanes_; }

  /// The first sentence of what is wrong inside, or nothing.
  [[nodiscard]] std::optional<std::string> inconsistency() const;

 private:
  void list(LaneKey lane);
  void unlist(LaneKey lane);

  std::vector<Worker> workers_;
  std::vector<Host> hosts_;
  std::map<WorkerUuid, std::uint32_t> by_uuid_;
  std::unordered_map<std::string, std::uint32_t> by_connection_, host_by_id_;
  std::set<std::pair<std::uint32_t, LaneKey>> ready_;
  std::set<std::uint32_t> ready_hosts_;
  std::uint32_t eligible_hosts_ = 0, eligible_lanes_ = 0;
};

}  // namespace ocrs
