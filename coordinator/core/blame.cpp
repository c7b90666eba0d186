#include "coordinator/core/blame.hpp"

#include <algorithm>

#include "common/core/pipeline_spec.hpp"

namespace ocrs {

std::vector<StageLayout> stage_layout(const ScreeningSpec& screening) {
  const auto position_of = [&](const std::string& name) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < screening.factors.size(); ++i) {
      if (screening.factors[i].name == name) return i;
    }
    return std::nullopt;
  };
  std::vector<StageLayout> layout;
  for (const std::string& id : screening.stages) {
    StageLayout stage{id, id, {}};
    if (const StageSpec* spec = find_stage(id)) {
      stage.name = spec->name;
      if (spec->choice) {
        if (const auto position = position_of(spec->choice->name)) stage.factors.push_back(*position);
      }
      for (const StageFactor& known : spec->factors) {
        if (const auto position = position_of(known.factor.name)) stage.factors.push_back(*position);
      }
    }
    layout.push_back(std::move(stage));
  }
  return layout;
}

bool is_page_fault(const Failure& failure) {
  return failure.kind == FailureKind::page_unreadable || failure.node == "decode";
}

PrefixBox::PrefixBox(const std::vector<StageLayout>& layout, std::size_t stage) {
  for (std::size_t i = 0; i <= stage; ++i) {
    for (const std::size_t factor : layout[i].factors) {
      Seen seen;
      seen.factor = factor;
      seen.own = i == stage;
      seen_.push_back(std::move(seen));
    }
  }
}

namespace {
std::optional<double> number_of(const FactorValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

const FactorValue& value_at(const Point& point, std::size_t factor) {
  static const FactorValue inactive;
  return factor < point.values.size() ? point.values[factor] : inactive;
}
}  // namespace

void PrefixBox::widen(const Point& point) {
  for (Seen& seen : seen_) {
    const FactorValue& value = value_at(point, seen.factor);
    if (const auto number = number_of(value)) {
      if (!seen.range) seen.range.emplace(*number, *number);
      seen.range->first = std::min(seen.range->first, *number);
      seen.range->second = std::max(seen.range->second, *number);
    } else if (const auto* name = std::get_if<std::string>(&value)) {
      seen.names.insert(*name);
    } else {
      seen.inactive = true;
    }
  }
}

bool PrefixBox::contains(const Point& point) const {
  return std::all_of(seen_.begin(), seen_.end(), [&](const Seen& seen) {
    if (!seen.own && !earlier_matter_) return true;
    const FactorValue& value = value_at(point, seen.factor);
    if (const auto number = number_of(value)) {
      return seen.range && *number >= seen.range->first && *number <= seen.range->second;
    }
    if (const auto* name = std::get_if<std::string>(&value)) return seen.names.contains(*name);
    return seen.inactive;
  });
}

std::optional<std::size_t> Blame::stage_of(std::string_view node) const {
  const std::string_view name = node.substr(0, node.find('('));
  for (std::size_t i = 0; i < layout_.size(); ++i) {
    if (layout_[i].name == name || layout_[i].id == name) return i;
  }
  return std::nullopt;
}

Blame::Verdict Blame::died(const Place& place, const Point& point, const Failure& failure, std::uint32_t host,
                           BatchId batch, bool other_hosts) {
  Verdict verdict;
  PageTrial& trial = pages_[place.page];
  trial.on_trial.insert(place.position);
  ++deaths_;
  if (is_page_fault(failure)) {
    // One evaluator that cannot read the file says so for each point of its batch: that is one piece of evidence.
    // A dead evaluator is one each time, since the next one started afresh.
    const bool told = failure.kind == FailureKind::page_unreadable;
    trial.decode.emplace(host, told ? batch.value : ~deaths_);
    trial.suspicious = true;
    verdict.page = trial.decode.size() >= 2;
    if (verdict.page) condemned_pages_.insert(place.page);
    return verdict;
  }
  verdict.prefix = died_at_node(trial, place, point, failure.node, host, other_hosts);
  if (verdict.prefix) prefixes_.insert(place.page);
  return verdict;
}

bool Blame::died_at_node(PageTrial& trial, const Place& place, const Point& point, const std::string& node,
                         std::uint32_t host, bool other_hosts) {
  // Recognition, scoring and unknown nodes see another image for every point: nothing is shared there.
  const std::optional<std::size_t> stage = stage_of(node);
  if (!stage) return false;
  auto [known, is_new] = trial.nodes.try_emplace(node);
  NodeTrial& at_node = known->second;
  if (is_new) at_node.box = PrefixBox(layout_, *stage);
  at_node.box.widen(point);
  at_node.positions.insert(place.position);
  at_node.hosts.insert(host);
  if (++at_node.deaths >= deaths_max) at_node.box.forget_earlier_stages();
  if (at_node.positions.size() >= 2) trial.suspicious = true;
  if (at_node.positions.size() >= points_to_condemn_prefix && (at_node.hosts.size() >= 2 || !other_hosts)) {
    at_node.condemned = true;
  }
  return at_node.condemned;
}

void Blame::passed(const Place& place, const std::vector<Death>& deaths) {
  const auto known = pages_.find(place.page);
  if (known == pages_.end()) return;
  known->second.decode.clear();
  for (const Death& death : deaths) {
    const auto node = known->second.nodes.find(death.node);
    if (node != known->second.nodes.end() && !node->second.condemned) known->second.nodes.erase(node);
  }
}

void Blame::resolved(const Place& place) {
  const auto known = pages_.find(place.page);
  if (known == pages_.end()) return;
  known->second.on_trial.erase(place.position);
  if (known->second.on_trial.empty()) known->second.suspicious = false;
}

bool Blame::is_suspicious(std::uint32_t page) const {
  const auto known = pages_.find(page);
  return known != pages_.end() && known->second.suspicious && !known->second.on_trial.empty();
}

std::optional<std::string> Blame::condemned_prefix(std::uint32_t page, const Point& point) const {
  const auto known = pages_.find(page);
  if (known == pages_.end() || !prefixes_.contains(page)) return std::nullopt;
  for (const auto& [node, trial] : known->second.nodes) {
    if (trial.condemned && trial.box.contains(point)) return node;
  }
  return std::nullopt;
}

void Blame::forget() {
  pages_.clear();
  condemned_pages_.clear();
  prefixes_.clear();
}

}  // namespace ocrs
