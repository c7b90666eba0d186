#include "worker/pipeline/page_tree.hpp"

#include <algorithm>
#include <new>
#include <opencv2/core.hpp>
#include <set>
#include <utility>

#include "common/core/check.hpp"
#include "worker/pipeline/components.hpp"
#include "worker/pipeline/known_images.hpp"
#include "worker/pipeline/operations.hpp"
#include "worker/pipeline/packed_image.hpp"
#include "worker/pipeline/stage.hpp"

namespace ocrs {
namespace {

using Positions = std::vector<std::size_t>;

/// Known images are forgotten above this; they only save work.
constexpr std::size_t known_images_max = 50'000;

/// What a stage or an allocation threw, on its way to the leaf that reports it.
struct Broken {
  Failure failure;
};

/// Runs `work`; what libraries throw becomes Broken with this node's name.
template <class Work>
auto guarded(const std::string& node, Work&& work) {
  try {
    return work();
  } catch (const cv::Exception& error) {
    const FailureKind kind = error.code == cv::Error::StsNoMem ? FailureKind::memory : FailureKind::stage_error;
    std::string text = "OpenCV refused: " + error.func + ": " + error.err;
    std::replace(text.begin(), text.end(), '\n', ' ');  // OpenCV lays some of its sentences out in lines
    throw Broken{{kind, node, text, {}}};
  } catch (const std::bad_alloc&) {
    throw Broken{{FailureKind::memory, node, "not enough memory for the image", {}}};
  } catch (const std::exception& error) {
    throw Broken{{FailureKind::stage_error, node, error.what(), {}}};
  }
}

void add_sorted(Positions& to, const Positions& more) {
  const auto middle = static_cast<std::ptrdiff_t>(to.size());
  to.insert(to.end(), more.begin(), more.end());
  std::inplace_merge(to.begin(), to.begin() + middle, to.end());
}

bool is_baseline(const Point& point) { return point.index == baseline_point && point.values.empty(); }

}  // namespace

struct PageTree::State {
  struct Stage {
    std::string id, name;
    const StageFunction* function = nullptr;  // nullptr: not in the registry
  };
  /// One image of the current path. Without pixels it is known by content and made again from the step before when
  /// something below it needs it.
  struct Step {
    ImageId id = 0;
    std::optional<CanonicalParams> params;  // of the stage that leads here; nullopt = it did nothing
    cv::Mat image;
  };

  ScreeningSpec spec;
  StageClock clock;
  std::vector<Stage> stages;
  cv::Mat page;
  double page_dpi = 300;
  KnownImages known;
  std::vector<Step> path;  // path[0] is the page, path[i] what stage i - 1 made

  void start_path() {
    known.clear();
    path.clear();
    path.push_back({known.add({0, image_hash(page), page.cols, page.rows, page_dpi, {}}), std::nullopt, page});
  }
};

class PageTree::Walk {
 public:
  Walk(State& state, const std::vector<Point>& points, TreeObserver& observer)
      : state_(state), path_(state.path), known_(state.known), points_(points), observer_(observer) {}

  void all_points() {
    Positions untouched, others;
    for (std::size_t position = 0; position < points_.size(); ++position) {
      (is_baseline(points_[position]) ? untouched : others).push_back(position);
    }
    if (!untouched.empty()) {
      // The way of the untouched page is nobody's prefix: it must not take the place of the kept path.
      const std::vector<State::Step> kept = path_;
      descend(0, untouched);
      path_ = kept;
    }
    if (!others.empty()) descend(0, others);
  }

 private:
  /// The points that give a stage the same parameters.
  struct Edge {
    std::string text;  // of the parameters; "" = the stage does nothing
    std::optional<CanonicalParams> params;
    std::optional<ImageId> child;  // once known
    Positions points;              // empty = done, or merged into another edge
    std::vector<StageRun> runs;    // made for this edge while others were walked
    std::optional<PackedImage> held;
  };

  void descend(std::size_t level, const Positions& points);
  std::vector<Edge> edges_of(std::size_t level, const Positions& points);
  void merge_known(std::size_t level, std::vector<Edge>& edges);
  void run_unknown(std::size_t level, std::vector<Edge>& edges);
  void take(std::size_t level, Edge& edge, cv::Mat image);
  void deliver(const Positions& points);
  void fail(const Positions& points, const Failure& failure);

  const cv::Mat& image_at(std::size_t level, std::size_t first_point);
  cv::Mat run_stage(std::size_t stage, const CanonicalParams& params, const cv::Mat& image, std::size_t first_point);
  ImageId child_of(std::size_t level, const cv::Mat& image);
  ImageFacts& final_facts(std::size_t first_point);
  cv::Mat final_image(std::size_t first_point);
  std::string last_node() const;

  State& state_;
  std::vector<State::Step>& path_;
  KnownImages& known_;
  const std::vector<Point>& points_;
  TreeObserver& observer_;
  std::vector<StageRun> runs_;     // since the last leaf
  std::set<ImageHash> delivered_;  // final images of this call
  cv::Mat reduced_;                // the latest final image, and the stage output it is of
  ImageId reduced_of_ = 0;
};

/// Walks `points`, which share path_[level], through the stages from `level` on. Order: what continues the kept path,
/// then edges that change the image, last those that do not, because a stage may turn out to change nothing.
void PageTree::Walk::descend(std::size_t level, const Positions& points) {
  if (level == state_.stages.size()) return deliver(points);
  std::vector<Edge> edges;
  try {
    edges = edges_of(level, points);
  } catch (const Broken& broken) {
    return fail(points, broken.failure);
  }
  merge_known(level, edges);
  if (path_.size() > level + 1) {
    for (Edge& edge : edges) {
      if (edge.child == path_[level + 1].id && !edge.points.empty()) {
        take(level, edge, {});
        break;
      }
    }
  }
  run_unknown(level, edges);
  std::rotate(edges.begin(), edges.begin() + 1, edges.end());  // the one that does nothing goes last
  for (Edge& edge : edges) {
    if (edge.points.empty()) continue;
    cv::Mat image;
    try {
      if (edge.held) image = guarded("width_max", [&] { return edge.held->unpack(path_[level].image); });
    } catch (const Broken&) {
      image.release();  // it will be made again, or fail where that is told
    }
    take(level, edge, std::move(image));
  }
}

/// edges[0] is the one that does nothing, perhaps without points. Points whose values cannot be used fail here.
std::vector<PageTree::Walk::Edge> PageTree::Walk::edges_of(std::size_t level, const Positions& points) {
  const State::Stage& stage = state_.stages[level];
  const KnownImage& here = known_.at(path_[level].id);
  const StageInput input{here.width, here.height, here.dpi, [&] {
                           std::optional<double>& known = known_.facts(path_[level].id).laplacian_variance;
                           if (!known) known = laplacian_variance(image_at(level, points.front()));
                           return *known;
                         }};
  std::vector<Edge> edges(1);
  std::unordered_map<std::string, std::size_t> places{{"", 0}};
  std::map<std::string, Positions> refused;
  for (const std::size_t position : points) {
    const Point& point = points_[position];
    std::optional<CanonicalParams> params;
    if (!is_baseline(point)) {
      if (stage.function == nullptr) {
        refused["this program has no stage " + stage.id].push_back(position);
        continue;
      }
      StageValues values(state_.spec.factors, point, here.dpi);
      params = stage.function->canonical(values, input);
      if (values.problem()) {
        refused[*values.problem()].push_back(position);
        continue;
      }
    }
    const std::string text = params ? params->text() : std::string();
    const auto [place, added] = places.try_emplace(text, edges.size());
    if (added) edges.push_back({text, params, {}, {}, {}, {}});
    edges[place->second].points.push_back(position);
  }
  for (const auto& [why, positions] : refused) fail(positions, {FailureKind::stage_error, stage.name, why, {}});
  return edges;
}

/// Edges that earlier work on this page has shown to give equal images become one.
void PageTree::Walk::merge_known(std::size_t level, std::vector<Edge>& edges) {
  const KnownImage& here = known_.at(path_[level].id);
  edges[0].child = known_.add({level + 1, here.hash, here.width, here.height, here.dpi, {}});
  std::map<ImageId, std::size_t> places{{*edges[0].child, 0}};
  for (std::size_t i = 1; i < edges.size(); ++i) {
    edges[i].child = known_.after(path_[level].id, edges[i].text);
    if (!edges[i].child) continue;
    const auto [place, added] = places.try_emplace(*edges[i].child, i);
    if (!added) add_sorted(edges[place->second].points, std::exchange(edges[i].points, {}));
  }
}

/// Runs the stage for every edge whose image is not known. Its points join those of an edge with an equal image; else
/// the image waits, if it packs well, until all are run, so that equal ones meet before the next stage; else the
/// points go down at once.
void PageTree::Walk::run_unknown(std::size_t level, std::vector<Edge>& edges) {
  const auto unknown = [](const Edge& edge) { return !edge.child && !edge.points.empty(); };
  auto left = std::count_if(edges.begin(), edges.end(), unknown);
  if (left == 0) return;
  path_.resize(level + 1);
  std::size_t held_bytes = 0;
  for (Edge& edge : edges) {
    if (!unknown(edge)) continue;
    --left;
    cv::Mat image;
    const std::size_t runs_before = runs_.size();
    try {
      image = run_stage(level, *edge.params, image_at(level, edge.points.front()), edge.points.front());
    } catch (const Broken& broken) {
      fail(std::exchange(edge.points, {}), broken.failure);
      continue;
    }
    const ImageId child = child_of(level, image);
    known_.at(path_[level].id).after[edge.text] = child;
    edge.child = child;

    const auto twin = std::find_if(edges.begin(), edges.end(), [&](const Edge& other) {
      return &other != &edge && other.child == child && (&other == &edges[0] || !other.points.empty());
    });
    const bool twin_waits = twin != edges.end() && (twin == edges.begin() || twin->held);
    Edge& goes_on = twin_waits ? *twin : edge;
    if (twin != edges.end()) {
      Edge& gives = twin_waits ? edge : *twin;
      add_sorted(goes_on.points, std::exchange(gives.points, {}));
    }
    const std::size_t area = path_[level].image.total();
    if (!twin_waits && left > 0 && level + 1 < state_.stages.size() && held_bytes < area) {
      edge.held = PackedImage::pack(image, path_[level].image, std::min(area / 8, area - held_bytes));
      held_bytes += edge.held ? edge.held->bytes() : 0;
    }
    if (twin_waits || edge.held) {
      const auto own = runs_.begin() + static_cast<std::ptrdiff_t>(runs_before);
      goes_on.runs.insert(goes_on.runs.end(), own, runs_.end());
      runs_.erase(own, runs_.end());
    } else {
      take(level, edge, std::move(image));
    }
  }
}

/// Goes down an edge whose child is known; `image` may be empty.
void PageTree::Walk::take(std::size_t level, Edge& edge, cv::Mat image) {
  if (!edge.params && image.empty()) image = path_[level].image;
  if (path_.size() <= level + 1 || path_[level + 1].id != *edge.child) {
    path_.resize(level + 1);
    path_.push_back({*edge.child, edge.params, std::move(image)});
  } else if (path_[level + 1].image.empty()) {
    path_[level + 1].image = std::move(image);
  }
  edge.held.reset();
  runs_.insert(runs_.end(), edge.runs.begin(), edge.runs.end());
  edge.runs.clear();
  descend(level + 1, std::exchange(edge.points, {}));
}

void PageTree::Walk::deliver(const Positions& points) {
  TreeLeaf leaf;
  try {
    const ImageFacts& facts = final_facts(points.front());
    if (facts.final_components > state_.spec.limits.components) {
      return fail(points,
                  {FailureKind::components,
                   last_node(),
                   std::to_string(facts.final_components) + " connected components in the final image, more than " +
                       std::to_string(state_.spec.limits.components),
                   {}});
    }
    leaf.image_hash = facts.final_hash;
    leaf.scores = *facts.scores;
    leaf.repeated = delivered_.contains(leaf.image_hash);
    if (!leaf.repeated) {
      leaf.image = final_image(points.front());
    }
  } catch (const Broken& broken) {
    return fail(points, broken.failure);
  }
  delivered_.insert(leaf.image_hash);
  leaf.points = points;
  leaf.runs = std::exchange(runs_, {});
  observer_.leaf(leaf);
}

void PageTree::Walk::fail(const Positions& points, const Failure& failure) {
  TreeLeaf leaf;
  leaf.points = points;
  leaf.runs = std::exchange(runs_, {});
  leaf.failure = failure;
  observer_.leaf(leaf);
}

const cv::Mat& PageTree::Walk::image_at(std::size_t level, std::size_t first_point) {
  State::Step& step = path_[level];
  if (!step.image.empty()) return step.image;
  OCRS_CHECK(level > 0, "the page itself is always there");
  const cv::Mat& from = image_at(level - 1, first_point);
  step.image = step.params ? run_stage(level - 1, *step.params, from, first_point) : from;
  return step.image;
}

cv::Mat PageTree::Walk::run_stage(std::size_t stage, const CanonicalParams& params, const cv::Mat& image,
                                  std::size_t first_point) {
  const std::string node = state_.stages[stage].name + params.text();
  observer_.started(first_point, node);
  const auto begin = state_.clock();
  const auto account = [&] {
    const std::chrono::duration<double, std::milli> elapsed = state_.clock() - begin;
    runs_.push_back({static_cast<std::uint32_t>(stage), elapsed.count()});
  };
  try {
    cv::Mat out = guarded(node, [&] { return state_.stages[stage].function->run(image, params); });
    OCRS_CHECK(!out.empty() && out.type() == CV_8UC1, "a stage gives an 8-bit grey image");
    OCRS_CHECK(out.data != image.data, "a stage gives a new image");
    account();
    return out;
  } catch (const Broken&) {
    account();
    throw;
  }
}

ImageId PageTree::Walk::child_of(std::size_t level, const cv::Mat& image) {
  const KnownImage& from = known_.at(path_[level].id);
  return known_.add({level + 1, image_hash(image), image.cols, image.rows, from.dpi, {}});
}

/// Facts of the image at the end of the path as a final image.
ImageFacts& PageTree::Walk::final_facts(std::size_t first_point) {
  const std::size_t last = state_.stages.size();
  ImageFacts& facts = known_.facts(path_[last].id);
  if (facts.scores) return facts;
  const cv::Mat& image = image_at(last, first_point);
  const cv::Mat reduced = final_image(first_point);
  guarded("width_max", [&] {
    facts.final_hash = image_hash(reduced);
    facts.final_components = dark_components(reduced);
    facts.scores = image_scores(image);
  });
  return facts;
}

cv::Mat PageTree::Walk::final_image(std::size_t first_point) {
  const State::Step& last = path_.back();
  if (reduced_of_ != last.id || reduced_.empty()) {
    const cv::Mat& image = image_at(path_.size() - 1, first_point);
    reduced_ = guarded("width_max", [&] { return within_width(image, state_.spec.engine.width_max); });
    reduced_of_ = last.id;
  }
  return reduced_;
}

/// The last stage that did something on the way to the current final image, for blame.
std::string PageTree::Walk::last_node() const {
  for (std::size_t i = path_.size(); i-- > 1;) {
    if (path_[i].params) return state_.stages[i - 1].name + path_[i].params->text();
  }
  return "page";
}

PageTree::PageTree(const ScreeningSpec& spec, StageClock clock)
    : PageTree(spec, std::move(clock), StageRegistry::built_in()) {}

PageTree::PageTree(const ScreeningSpec& spec, StageClock clock, const StageRegistry& registry)
    : state_(std::make_unique<State>()) {
  state_->spec = spec;
  state_->clock = std::move(clock);
  for (const std::string& id : spec.stages) {
    const std::size_t dot = id.rfind('.');
    state_->stages.push_back({id, dot == std::string::npos ? id : id.substr(dot + 1), registry.find(id)});
  }
}

PageTree::~PageTree() = default;
PageTree::PageTree(PageTree&&) noexcept = default;
PageTree& PageTree::operator=(PageTree&&) noexcept = default;

void PageTree::load_page(PageIndex page, cv::Mat grey) {
  OCRS_CHECK(page.value < state_->spec.pages.size(), "a page of the screening");
  OCRS_CHECK(!grey.empty() && grey.type() == CV_8UC1, "a page is an 8-bit grey image");
  state_->path.clear();  // the former page's images go before anything new is made
  state_->page = std::move(grey);
  state_->page_dpi = state_->spec.pages[page.value].dpi;
  state_->start_path();
}

void PageTree::evaluate(const std::vector<Point>& points, TreeObserver& observer) {
  OCRS_CHECK(!state_->path.empty(), "a page is loaded before points are evaluated");
  if (state_->known.size() > known_images_max) state_->start_path();
  Walk(*state_, points, observer).all_points();
}

}  // namespace ocrs
