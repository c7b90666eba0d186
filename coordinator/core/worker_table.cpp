#include "coordinator/core/worker_table.hpp"

#include <algorithm>

#include "common/core/check.hpp"

namespace ocrs {

std::uint32_t WorkerTable::intern_host(const std::string& id, const std::string& name) {
  const auto [known, is_new] = host_by_id_.try_emplace(id, hosts());
  if (is_new) hosts_.emplace_back().id = id;
  Host& host = hosts_[known->second];
  if (!name.empty()) host.name = name;
  return known->second;
}

std::uint32_t WorkerTable::intern_worker(const WorkerUuid& uuid, const std::string& host_id,
                                         const std::string& host_name) {
  const std::uint32_t host = intern_host(host_id, host_name);
  const auto [known, is_new] = by_uuid_.try_emplace(uuid, size());
  if (is_new) workers_.emplace_back().uuid = uuid;
  Worker& worker = workers_[known->second];
  if (worker.host != host || is_new) {
    // A state folder can move to another machine; then the worker does as well.
    OCRS_CHECK(!worker.counted, "a worker changes its host only while it is not counted");
    worker.host = host;
    worker.label = (host_name.empty() ? host_id : host_name) + "/" + to_hex(uuid).substr(0, 8);
  }
  return known->second;
}

std::optional<std::uint32_t> WorkerTable::find(const ConnectionId& connection) const {
  const auto known = by_connection_.find(connection.routing);
  if (known == by_connection_.end()) return std::nullopt;
  return known->second;
}

std::optional<std::uint32_t> WorkerTable::find(const WorkerUuid& uuid) const {
  const auto known = by_uuid_.find(uuid);
  if (known == by_uuid_.end()) return std::nullopt;
  return known->second;
}

void WorkerTable::connect(std::uint32_t index, const ConnectionId& connection) {
  disconnect(index);
  workers_[index].connection = connection;
  workers_[index].connected = true;
  by_connection_[connection.routing] = index;
  refresh(index);
}

void WorkerTable::disconnect(std::uint32_t index) {
  Worker& worker = workers_[index];
  if (!worker.connected) return;
  by_connection_.erase(worker.connection.routing);
  worker.connected = false;
  refresh(index);
}

bool WorkerTable::apply(std::uint32_t index, WorkerEvent event) {
  const std::optional<WorkerState> next = next_state(workers_[index].state, event);
  if (!next) return false;
  workers_[index].state = *next;
  refresh(index);
  return true;
}

bool WorkerTable::is_eligible(std::uint32_t index) const {
  const Worker& worker = workers_[index];
  return worker.state == WorkerState::active && worker.connected && !worker.awaiting_hello &&
         worker.admission == Admission::admitted && !hosts_[worker.host].aside_until;
}

void WorkerTable::refresh(std::uint32_t index) {
  Worker& worker = workers_[index];
  Host& host = hosts_[worker.host];
  const bool eligible = is_eligible(index);
  if (eligible != worker.counted) {
    const auto lanes = static_cast<std::uint32_t>(worker.lanes.size());
    worker.counted = eligible;
    if (eligible) {
      if (host.eligible_workers++ == 0) ++eligible_hosts_;
      eligible_lanes_ += lanes;
    } else {
      if (--host.eligible_workers == 0) --eligible_hosts_;
      eligible_lanes_ -= lanes;
    }
  }
  for (std::uint32_t lane = 0; lane < worker.lanes.size(); ++lane) list({index, lane});
}

void WorkerTable::refresh_host(std::uint32_t host) {
  for (std::uint32_t worker = 0; worker < size(); ++worker) {
    if (workers_[worker].host == host) refresh(worker);
  }
}

void WorkerTable::set_lanes(std::uint32_t index, std::uint32_t lanes) {
  Worker& worker = workers_[index];
  for (std::uint32_t lane = 0; lane < worker.lanes.size(); ++lane) {
    unlist({index, lane});
    worker.lanes[lane].credit = 0;
  }
  if (worker.counted) eligible_lanes_ += lanes - static_cast<std::uint32_t>(worker.lanes.size());
  worker.lanes.resize(lanes);
}

void WorkerTable::change_lane(LaneKey key, std::int32_t credit, std::int32_t outstanding) {
  WorkerLane& lane = workers_[key.worker].lanes[key.lane];
  OCRS_CHECK(static_cast<std::int64_t>(lane.credit) + credit >= 0, "a lane's credit is never overdrawn");
  OCRS_CHECK(static_cast<std::int64_t>(lane.outstanding) + outstanding >= 0, "a lane finishes what it was given");
  lane.credit += static_cast<std::uint32_t>(credit);
  lane.outstanding += static_cast<std::uint32_t>(outstanding);
  list(key);
}

void WorkerTable::unlist(LaneKey key) {
  Worker& worker = workers_[key.worker];
  WorkerLane& lane = worker.lanes[key.lane];
  if (!lane.listed) return;
  ready_.erase({*lane.listed, key});
  Host& host = hosts_[worker.host];
  host.ready.erase({*lane.listed, key});
  if (host.ready.empty()) ready_hosts_.erase(worker.host);
  lane.listed.reset();
}

void WorkerTable::list(LaneKey key) {
  Worker& worker = workers_[key.worker];
  WorkerLane& lane = worker.lanes[key.lane];
  const bool ready = worker.counted && lane.credit > 0;
  if (ready && lane.listed == lane.outstanding) return;
  unlist(key);
  if (!ready) return;
  lane.listed = lane.outstanding;
  ready_.emplace(lane.outstanding, key);
  hosts_[worker.host].ready.emplace(lane.outstanding, key);
  ready_hosts_.insert(worker.host);
}

std::optional<LaneKey> WorkerTable::ready_lane() const {
  if (ready_.empty()) return std::nullopt;
  return ready_.begin()->second;
}

std::optional<LaneKey> WorkerTable::ready_lane_on(std::uint32_t host) const {
  if (hosts_[host].ready.empty()) return std::nullopt;
  return hosts_[host].ready.begin()->second;
}

std::optional<LaneKey> WorkerTable::ready_lane_not_on(std::uint32_t host) const {
  auto other = ready_hosts_.begin();
  if (other != ready_hosts_.end() && *other == host) ++other;
  if (other == ready_hosts_.end()) return std::nullopt;
  return ready_lane_on(*other);
}

std::optional<std::string> WorkerTable::inconsistency() const {
  std::size_t ready = 0, connected = 0;
  std::uint32_t lanes = 0;
  std::vector<std::uint32_t> eligible(hosts_.size(), 0);
  for (std::uint32_t index = 0; index < size(); ++index) {
    const Worker& worker = workers_[index];
    if (worker.counted != is_eligible(index)) return worker.label + " is counted wrongly among the eligible";
    if (worker.counted) {
      ++eligible[worker.host];
      lanes += static_cast<std::uint32_t>(worker.lanes.size());
    }
    if (worker.connected) {
      ++connected;
      const auto known = by_connection_.find(worker.connection.routing);
      if (known == by_connection_.end() || known->second != index) return worker.label + " is not under its connection";
    }
    for (std::uint32_t lane = 0; lane < worker.lanes.size(); ++lane) {
      const WorkerLane& known = worker.lanes[lane];
      const bool should = worker.counted && known.credit > 0;
      if (should != known.listed.has_value()) return worker.label + " has a lane that is listed wrongly";
      if (!known.listed) continue;
      ++ready;
      if (*known.listed != known.outstanding || !ready_.contains({known.outstanding, LaneKey{index, lane}})) {
        return worker.label + " has a lane that is listed under another count";
      }
    }
  }
  if (connected != by_connection_.size()) return "a connection leads to no worker";
  if (ready != ready_.size()) return "a ready lane is nobody's";
  if (lanes != eligible_lanes_) return "eligible lanes are miscounted";
  std::uint32_t eligible_hosts = 0;
  for (std::uint32_t host = 0; host < hosts(); ++host) {
    if (eligible[host] != hosts_[host].eligible_workers) return "eligible workers of a host are miscounted";
    if (eligible[host] > 0) ++eligible_hosts;
    if (hosts_[host].ready.empty() == ready_hosts_.contains(host)) return "a host is listed wrongly as ready";
  }
  if (eligible_hosts != eligible_hosts_) return "eligible hosts are miscounted";
  return std::nullopt;
}

}  // namespace ocrs
