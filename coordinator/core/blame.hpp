// Who is at fault when evaluators die: the evaluation, its page, a prefix of its pipeline, or the host. Remembers
// deaths and says what they prove; changes no state and sends nothing. One thread.
//   page    two deaths (or reports of an unreadable file) at decode, and no evaluation of the page passed in between
//   prefix  three points of a page died at the same node, on two hosts where there are two
//   host    three evaluations that died on it passed elsewhere, or it kills page after page and passes nothing
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/screening_spec.hpp"
#include "coordinator/core/evaluation_table.hpp"

namespace ocrs {

/// A stage and the positions of its factors in a point's values.
struct StageLayout {
  std::string id, name;
  std::vector<std::size_t> factors;
};
/// Of the screening's stages, in order; factors the screening does not name are left out.
[[nodiscard]] std::vector<StageLayout> stage_layout(const ScreeningSpec& screening);

/// Deaths at decode are the page's, whatever killed the evaluator.
[[nodiscard]] bool is_page_fault(const Failure& failure);

/// Points that share what killed others: for each factor that can matter, the values seen in the dead. Numbers span a
/// range, since a node's canonical parameters are steps of them; choices and inactive factors must have been seen.
class PrefixBox {
 public:
  PrefixBox() = default;
  /// `stage`: where the node is; stages 0 … stage matter.
  PrefixBox(const std::vector<StageLayout>& layout, std::size_t stage);
  void widen(const Point& point);
  /// From now on only the node's own stage matters: it kills whatever comes before it.
  void forget_earlier_stages() { earlier_matter_ = false; }
  [[nodiscard]] bool contains(const Point& point) const;

 private:
  struct Seen {
    std::size_t factor = 0;
    bool own = false;  // of the node's own stage
    bool inactive = false;
    std::optional<std::pair<double, double>> range;
    std::set<std::string> names;
  };
  std::vector<Seen> seen_;
  bool earlier_matter_ = true;
};

class Blame {
 public:
  static constexpr std::size_t points_to_condemn_prefix = 3;
  static constexpr std::size_t deaths_max = 12;  // of one page and node, before earlier stages are ignored
  static constexpr std::uint32_t contradictions_max = 3;
  static constexpr std::uint32_t deaths_in_row_max = 8;
  static constexpr std::size_t pages_in_row_min = 3;

  explicit Blame(std::vector<StageLayout> layout) : layout_(std::move(layout)) {}

  struct Verdict {
    bool page = false;    // condemn the page
    bool prefix = false;  // condemn the points that share the prefix: condemned_prefix() says which
  };
  /// A death of a page's evaluation. `other_hosts` = some other host could be asked.
  Verdict died(const Place& place, const Point& point, const Failure& failure, std::uint32_t host, BatchId batch,
               bool other_hosts);
  /// Scores came for an evaluation that died at these nodes before (none for most).
  void passed(const Place& place, const std::vector<Death>& deaths);
  /// The evaluation is on trial no more: it has its final state, or its deaths are forgotten.
  void resolved(const Place& place);

  /// The page should give nothing out but evaluations on trial, until those are resolved.
  [[nodiscard]] bool is_suspicious(std::uint32_t page) const;
  [[nodiscard]] bool is_condemned(std::uint32_t page) const { return condemned_pages_.contains(page); }
  /// The node whose condemned prefix this point of the page shares, if any.
  [[nodiscard]] std::optional<std::string> condemned_prefix(std::uint32_t page, const Point& point) const;
  [[nodiscard]] bool has_condemned_prefix(std::uint32_t page) const { return prefixes_.contains(page); }
  /// Nothing is condemned or suspected any more.
  void forget();

 private:
  struct NodeTrial {
    std::set<std::uint32_t> positions, hosts;
    std::size_t deaths = 0;
    std::optional<std::size_t> stage;
    PrefixBox box;
    bool condemned = false;
  };
  struct PageTrial {
    std::set<std::pair<std::uint32_t, std::uint64_t>> decode;  // (host, batch) or (host, a number of its own)
    std::map<std::string, NodeTrial> nodes;
    std::set<std::uint32_t> on_trial;  // positions
    bool suspicious = false;
  };
  [[nodiscard]] std::optional<std::size_t> stage_of(std::string_view node) const;
  bool died_at_node(PageTrial& trial, const Place& place, const Point& point, const std::string& node,
                    std::uint32_t host, bool other_hosts);

  std::vector<StageLayout> layout_;
  std::map<std::uint32_t, PageTrial> pages_;
  std::set<std::uint32_t> condemned_pages_, prefixes_;
  std::uint64_t deaths_ = 0;
};

}  // namespace ocrs
