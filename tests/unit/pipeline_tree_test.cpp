// The page tree with the real pipelines and with made-up stages that count, fail and coincide.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <new>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <opencv2/photo.hpp>
#include <random>
#include <set>

#include "common/core/pipeline_spec.hpp"
#include "tests/support/pipeline_images.hpp"
#include "worker/pipeline/components.hpp"
#include "worker/pipeline/packed_image.hpp"
#include "worker/pipeline/page_tree.hpp"
#include "worker/pipeline/stage.hpp"

namespace ocrs {
namespace {

/// What an evaluator would make of a leaf for one point.
struct Outcome {
  ImageHash hash;
  ImageScores scores;
  std::optional<Failure> failure;
  bool operator==(const Outcome&) const = default;
};

class Recorder : public TreeObserver {
 public:
  explicit Recorder(const std::vector<Point>& points) : points_(points) {}

  void started(std::size_t first_point, const std::string& node) override {
    EXPECT_LT(first_point, points_.size());
    nodes.push_back(node);
  }

  void leaf(const TreeLeaf& leaf) override {
    ++leaves;
    EXPECT_FALSE(leaf.points.empty());
    EXPECT_TRUE(std::is_sorted(leaf.points.begin(), leaf.points.end()));
    for (const std::size_t position : leaf.points) {
      EXPECT_TRUE(positions.insert(position).second) << "position " << position << " came twice";
      outcomes[points_.at(position).index.value] = {leaf.failure ? ImageHash() : leaf.image_hash, leaf.scores,
                                                    leaf.failure};
    }
    runs += leaf.runs.size();
    for (const StageRun& run : leaf.runs) ++runs_of_stage[run.stage];
    if (leaf.failure) {
      EXPECT_TRUE(leaf.image.empty());
      return;
    }
    EXPECT_EQ(leaf.repeated, images.contains(leaf.image_hash));
    EXPECT_EQ(leaf.repeated, leaf.image.empty());
    if (leaf.repeated) return;
    EXPECT_EQ(image_hash(leaf.image), leaf.image_hash);
    images[leaf.image_hash] = leaf.image.clone();
  }

  const cv::Mat& image_of(std::int64_t point) const { return images.at(outcomes.at(point).hash); }

  std::vector<std::string> nodes;
  std::map<std::int64_t, Outcome> outcomes;
  std::map<ImageHash, cv::Mat> images;
  std::map<std::uint32_t, std::size_t> runs_of_stage;
  std::set<std::size_t> positions;
  std::size_t leaves = 0, runs = 0;

 private:
  const std::vector<Point>& points_;
};

StageClock ticking_clock() {
  return [now = std::chrono::nanoseconds(0)]() mutable { return now += std::chrono::milliseconds(1); };
}

ScreeningSpec spec_of(const PipelineSpec& pipeline, double dpi = 300) {
  ScreeningSpec spec;
  for (const StageSpec& stage : pipeline.stages) spec.stages.push_back(stage.id);
  for (const FactorSlot& slot : factor_slots(pipeline)) spec.factors.push_back({slot.factor->name, slot.factor->unit});
  spec.pages.resize(2);
  for (PageSpec& page : spec.pages) page.dpi = dpi;
  return spec;
}

/// Random points of a pipeline; small ranges of few levels, so that prefixes and images coincide now and then.
std::vector<Point> random_points(const PipelineSpec& pipeline, std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Point> points;
  for (std::size_t i = 0; i < count; ++i) {
    Point point{{static_cast<std::int64_t>(i)}, {}};
    std::map<std::size_t, std::string> options;
    for (const FactorSlot& slot : factor_slots(pipeline)) {
      const double u = (random() % 4) / 4.0;
      if (slot.when == nullptr) {
        const FactorValue value = factor_value(*slot.factor, u);
        options[slot.stage] = std::get<std::string>(value);
        point.values.push_back(value);
        continue;
      }
      const bool counts = slot.when->empty() ||
                          std::find(slot.when->begin(), slot.when->end(), options[slot.stage]) != slot.when->end();
      if (slot.factor->name.starts_with("denoise_h") && counts) {
        point.values.emplace_back(3.0 + 4 * u);  // never off
      } else {
        point.values.push_back(counts ? factor_value(*slot.factor, u) : FactorValue());
      }
    }
    points.push_back(point);
  }
  points.push_back({baseline_point, {}});
  return points;
}

std::map<std::int64_t, Outcome> evaluated_alone(const ScreeningSpec& spec, const cv::Mat& page,
                                                const std::vector<Point>& points) {
  std::map<std::int64_t, Outcome> outcomes;
  for (const Point& point : points) {
    PageTree tree(spec, ticking_clock());
    tree.load_page({0}, page);
    const std::vector<Point> one{point};
    Recorder recorder(one);
    tree.evaluate(one, recorder);
    outcomes.merge(recorder.outcomes);
  }
  return outcomes;
}

class EveryPipeline : public testing::TestWithParam<std::string> {};

TEST_P(EveryPipeline, GivesTheSameResultsWhateverPointsComeTogetherAndInWhatOrder) {
  const PipelineSpec& pipeline = *find_pipeline(GetParam());
  ScreeningSpec spec = spec_of(pipeline);
  spec.engine.width_max = 150;
  const cv::Mat page = drawn_page(190, 140, 5);
  std::vector<Point> points = random_points(pipeline, 24, 11);
  const auto alone = evaluated_alone(spec, page, points);
  ASSERT_EQ(alone.size(), points.size());

  std::mt19937 random(2);
  for (const std::size_t batch : {points.size(), std::size_t{1}, std::size_t{7}}) {
    std::shuffle(points.begin(), points.end(), random);
    PageTree tree(spec, ticking_clock());
    tree.load_page({1}, noise_image(64, 32, 1));
    const std::vector<Point> other_page{points[0]};
    Recorder other(other_page);
    tree.evaluate(other_page, other);
    tree.load_page({0}, page);
    std::map<std::int64_t, Outcome> together;
    for (std::size_t first = 0; first < points.size(); first += batch) {
      const auto from = points.begin() + static_cast<std::ptrdiff_t>(first);
      const auto to = points.begin() + static_cast<std::ptrdiff_t>(std::min(points.size(), first + batch));
      const std::vector<Point> part(from, to);
      Recorder recorder(part);
      tree.evaluate(part, recorder);
      EXPECT_EQ(recorder.positions.size(), part.size());
      together.merge(recorder.outcomes);
    }
    EXPECT_EQ(together, alone) << "in batches of " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Pipelines, EveryPipeline, testing::Values("standard", "high_fidelity", "open"),
                         [](const auto& parameter) { return parameter.param; });

TEST(PageTree, StandardAtItsMiddleIsTheChainWrittenOut) {
  const PipelineSpec& pipeline = *find_pipeline("standard");
  const cv::Mat page = drawn_page(260, 180, 8);
  PageTree tree(spec_of(pipeline), ticking_clock());
  tree.load_page({0}, page);
  // line_h, line_v, dilate_iter, norm_kernel, denoise_h, noise_threshold, bin_block, bin_c
  const std::vector<Point> points{
      {{5},
       {std::int64_t{50}, std::int64_t{80}, std::int64_t{2}, std::int64_t{70}, 11.0, 260.0, std::int64_t{65}, 17.5}}};
  Recorder recorder(points);
  tree.evaluate(points, recorder);

  cv::Mat dark, rows, columns, image = page.clone(), blur, divided, laplacian, quiet, expected;
  cv::threshold(page, dark, 0, 255, cv::THRESH_BINARY_INV | cv::THRESH_OTSU);
  cv::morphologyEx(dark, rows, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {50, 1}), {-1, -1}, 2);
  cv::morphologyEx(dark, columns, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {1, 80}), {-1, -1}, 2);
  cv::dilate(rows + columns, dark, cv::Mat::ones(3, 3, CV_8U), {-1, -1}, 2);
  image.setTo(255, dark != 0);
  cv::GaussianBlur(image, blur, {141, 141}, 0);
  cv::divide(image, blur, divided, 255);
  EXPECT_EQ(recorder.nodes.size(), 4U);
  EXPECT_EQ(recorder.nodes[0], "remove_lines(h=50,v=80,dilate=2)");
  EXPECT_EQ(recorder.nodes[3], "binarise(block=131,c=18)");
  const int window = recorder.nodes[2] == "denoise(h=11,window=15)" ? 15 : 21;
  EXPECT_EQ(window, laplacian_variance(divided) < 260 ? 15 : 21);
  cv::fastNlMeansDenoising(divided, quiet, 11, 7, window);
  cv::adaptiveThreshold(quiet, expected, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, 131, 17.5);
  EXPECT_TRUE(same_pixels(recorder.image_of(5), expected));
  EXPECT_EQ(recorder.outcomes.at(5).scores, image_scores(expected));
}

TEST(PageTree, TheBaselineIsTheUntouchedPageAndPointsThatDoNothingRepeatIt) {
  const PipelineSpec& pipeline = *find_pipeline("open");
  const cv::Mat page = drawn_page(120, 90, 8);
  PageTree tree(spec_of(pipeline), ticking_clock());
  tree.load_page({0}, page);
  Point off{{3}, {}};
  for (const FactorSlot& slot : factor_slots(pipeline)) {
    off.values.push_back(slot.when == nullptr ? FactorValue(std::string("off")) : FactorValue());
  }
  const std::vector<Point> points{off, {baseline_point, {}}};
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(recorder.leaves, 2U);
  EXPECT_EQ(recorder.runs, 0U);
  EXPECT_TRUE(same_pixels(recorder.image_of(-1), page));
  EXPECT_EQ(recorder.outcomes.at(-1).scores, image_scores(page));
  EXPECT_EQ(recorder.outcomes.at(3).scores, image_scores(page));
}

TEST(PageTree, WidthMaxReducesTheFinalImageAndLeavesTheScoresToTheStageOutput) {
  ScreeningSpec spec = spec_of(*find_pipeline("standard"));
  spec.engine.width_max = 100;
  const cv::Mat page = drawn_page(260, 181, 8);
  PageTree tree(spec, ticking_clock());
  tree.load_page({0}, page);
  const std::vector<Point> points{{baseline_point, {}}};
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  cv::Mat expected;
  cv::resize(page, expected, {100, 70}, 0, 0, cv::INTER_AREA);  // 181 * 100 / 260 = 69.6
  EXPECT_TRUE(same_pixels(recorder.image_of(-1), expected));
  EXPECT_EQ(recorder.outcomes.at(-1).scores, image_scores(page));
}

// ---- made-up stages ----

/// A screening of stages with one factor each, named as the stage.
struct MadeUp {
  StageRegistry registry;
  ScreeningSpec spec;
  std::vector<std::string> ran;  // "stage:value" in order

  explicit MadeUp(double dpi = 300) {
    spec.pages.resize(2);
    for (PageSpec& page : spec.pages) page.dpi = dpi;
  }

  void add(const std::string& name, std::function<cv::Mat(const cv::Mat&, double)> run,
           FactorUnit unit = FactorUnit::none) {
    spec.stages.push_back("test." + name);
    spec.factors.push_back({name, unit});
    registry.add("test." + name, {[name](StageValues& values, const StageInput&) -> std::optional<CanonicalParams> {
                                    const double value = values.number(name);
                                    if (value == 0) return std::nullopt;
                                    return CanonicalParams().with("value", value);
                                  },
                                  [this, name, run](const cv::Mat& image, const CanonicalParams& params) {
                                    ran.push_back(name + ':' + shortest(params.number("value")));
                                    return run(image, params.number("value"));
                                  }});
  }
  PageTree tree() { return PageTree(spec, ticking_clock(), registry); }
};

cv::Mat brighter(const cv::Mat& image, double value) { return image + value; }
cv::Mat copied(const cv::Mat& image, double) { return image.clone(); }

std::vector<Point> points_of(const std::vector<std::vector<double>>& rows) {
  std::vector<Point> points;
  for (const auto& row : rows) {
    Point point{{static_cast<std::int64_t>(points.size())}, {}};
    for (const double value : row) point.values.emplace_back(value);
    points.push_back(point);
  }
  return points;
}

std::size_t count_of(const std::vector<std::string>& all, const std::string& prefix) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const std::string& one) { return one.starts_with(prefix); }));
}

TEST(PageTree, RunsEachDistinctPrefixOnce) {
  MadeUp made;
  made.add("a", brighter);
  made.add("b", brighter);
  made.add("c", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(40, 30, 1) / 4);
  // Sums differ, so that no two images coincide: 3 prefixes of a, 5 of ab, 6 of abc.
  const auto points =
      points_of({{1, 10, 30}, {2, 10, 30}, {1, 10, 40}, {1, 20, 30}, {2, 21, 30}, {4, 10, 30}, {1, 10, 30}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(count_of(made.ran, "a"), 3U);
  EXPECT_EQ(count_of(made.ran, "b"), 5U);
  EXPECT_EQ(count_of(made.ran, "c"), 6U);
  EXPECT_EQ(recorder.leaves, 6U) << "points 0 and 6 are equal";
  EXPECT_EQ(recorder.runs, 14U) << "every run is charged to one leaf";
  EXPECT_EQ(recorder.nodes.size(), 14U);
  EXPECT_EQ(recorder.outcomes.at(0), recorder.outcomes.at(6));
}

TEST(PageTree, VaryingOnlyTheLastFactorRunsEarlierStagesOnceEvenAcrossCalls) {
  const PipelineSpec& pipeline = *find_pipeline("standard");
  PageTree tree(spec_of(pipeline), ticking_clock());
  tree.load_page({0}, drawn_page(160, 120, 4));
  std::map<std::uint32_t, std::size_t> runs;
  for (int call = 0; call < 3; ++call) {
    std::vector<Point> points;
    for (int i = 0; i < 6; ++i) {
      points.push_back({{6 * call + i},
                        {std::int64_t{50}, std::int64_t{80}, std::int64_t{2}, std::int64_t{70}, 11.0, 260.0,
                         std::int64_t{65}, 10.0 + 3 * call + 0.5 * i}});
    }
    Recorder recorder(points);
    tree.evaluate(points, recorder);
    for (const auto& [stage, count] : recorder.runs_of_stage) runs[stage] += count;
    // 10.0 to 12.5 have the ceilings 10, 11, 12 and 13; the next call starts with the 13 where this one ends.
    EXPECT_EQ(recorder.runs_of_stage[3], call == 0 ? 4U : 3U);
  }
  EXPECT_EQ(runs[0], 1U);
  EXPECT_EQ(runs[1], 1U);
  EXPECT_EQ(runs[2], 1U);
}

TEST(PageTree, NoiseThresholdsThatChooseTheSameWindowAreOneStageRun) {
  const PipelineSpec& pipeline = *find_pipeline("standard");
  PageTree tree(spec_of(pipeline), ticking_clock());
  tree.load_page({0}, drawn_page(160, 120, 4));
  std::vector<Point> points;
  for (int i = 0; i < 5; ++i) {
    points.push_back({{i},
                      {std::int64_t{50}, std::int64_t{80}, std::int64_t{2}, std::int64_t{70}, 11.0, 1e7 + i,
                       std::int64_t{65}, 12.0}});
  }
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(recorder.runs, 4U);
  EXPECT_EQ(recorder.leaves, 1U);
}

TEST(PageTree, AnotherPageStartsAfresh) {
  MadeUp made;
  made.add("a", brighter);
  PageTree tree = made.tree();
  const auto points = points_of({{1}});
  const cv::Mat first = noise_image(20, 20, 1) / 2, second = noise_image(20, 20, 2) / 2;
  for (const auto& [page, image] : {std::pair(0U, first), std::pair(1U, second), std::pair(0U, first)}) {
    tree.load_page({page}, image);
    Recorder recorder(points);
    tree.evaluate(points, recorder);
    EXPECT_TRUE(same_pixels(recorder.image_of(0), image + 1));
  }
  EXPECT_EQ(made.ran.size(), 3U);
}

TEST(PageTree, AStageThatChangesNothingIsMergedWithThePointsThatSkipIt) {
  MadeUp made;
  made.add("a", copied);
  made.add("b", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(40, 30, 1) / 4);
  const auto points = points_of({{1, 10}, {0, 10}, {2, 10}, {3, 11}, {0, 11}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(count_of(made.ran, "a"), 3U);
  EXPECT_EQ(count_of(made.ran, "b"), 2U);
  EXPECT_EQ(recorder.leaves, 2U);
  EXPECT_EQ(recorder.runs, 5U);
}

TEST(PageTree, SiblingsWithEqualImagesAreMergedBeforeTheNextStage) {
  MadeUp made;
  // Changes few pixels, and the same ones for values of the same whole number.
  made.add("a", [](const cv::Mat& image, double value) {
    cv::Mat out = image.clone();
    out(cv::Rect(0, 0, static_cast<int>(value), 1)).setTo(255);
    return out;
  });
  made.add("b", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(400, 300, 1) / 4);
  const auto points = points_of({{3.1, 10}, {5.1, 10}, {3.2, 10}, {3.3, 11}, {5.2, 11}, {3.4, 10}, {5.3, 11}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(count_of(made.ran, "a"), 7U);
  EXPECT_EQ(count_of(made.ran, "b"), 4U) << "two images times two values";
  EXPECT_EQ(recorder.leaves, 4U);
  EXPECT_EQ(recorder.outcomes.at(0), recorder.outcomes.at(5));
}

TEST(PageTree, EqualFinalImagesByDifferentWaysAreTheSameImageHash) {
  MadeUp made;
  made.add("a", brighter);
  made.add("b", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(40, 30, 1) / 4);
  const auto points = points_of({{1, 12}, {3, 10}, {6, 7}, {2, 2}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(recorder.outcomes.at(0).hash, recorder.outcomes.at(1).hash);
  EXPECT_EQ(recorder.outcomes.at(0).hash, recorder.outcomes.at(2).hash);
  EXPECT_EQ(recorder.images.size(), 2U);
}

TEST(PageTree, WhatWasLearntOfAPageIsUsedInLaterCallsAndImagesComeAgain) {
  MadeUp made;
  made.add("a", copied);
  made.add("b", brighter);
  PageTree tree = made.tree();
  const cv::Mat page = noise_image(40, 30, 1) / 4;
  tree.load_page({0}, page);
  const auto first = points_of({{1, 10}, {2, 10}});
  Recorder one(first);
  tree.evaluate(first, one);
  made.ran.clear();
  const auto second = points_of({{2, 20}, {1, 10}});
  Recorder two(second);
  tree.evaluate(second, two);
  EXPECT_EQ(count_of(made.ran, "a"), 0U) << "known to change nothing";
  EXPECT_TRUE(same_pixels(two.image_of(0), page + 20));
  EXPECT_TRUE(same_pixels(two.image_of(1), page + 10)) << "each call hands out its images";
}

TEST(PageTree, AFailingStageFailsOnlyThePointsBelowIt) {
  MadeUp made;
  made.add("a", [](const cv::Mat& image, double value) {
    if (value == 2) cv::GaussianBlur(image, image, {4, 4}, 0);
    if (value == 3) throw std::bad_alloc();
    if (value == 4) throw std::runtime_error("lens cap");
    if (value == 5) CV_Error(cv::Error::StsNoMem, "Failed to allocate");
    return cv::Mat(image + value);
  });
  made.add("b", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(40, 30, 1) / 4);
  const auto points = points_of({{1, 1}, {2, 1}, {3, 1}, {4, 1}, {2, 2}, {5, 1}, {0, 1}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_FALSE(recorder.outcomes.at(0).failure);
  EXPECT_FALSE(recorder.outcomes.at(6).failure);
  const auto failure = [&](std::int64_t point) { return recorder.outcomes.at(point).failure.value(); };
  EXPECT_EQ(failure(1).kind, FailureKind::stage_error);
  EXPECT_EQ(failure(1).node, "a(value=2)");
  EXPECT_NE(failure(1).text.find("ksize"), std::string::npos) << failure(1).text;
  EXPECT_EQ(failure(1).text.find('\n'), std::string::npos);
  EXPECT_EQ(failure(4), failure(1));
  EXPECT_EQ(failure(2).kind, FailureKind::memory);
  EXPECT_EQ(failure(3).kind, FailureKind::stage_error);
  EXPECT_EQ(failure(3).text, "lens cap");
  EXPECT_EQ(failure(5).kind, FailureKind::memory);
  EXPECT_EQ(count_of(made.ran, "a:2"), 1U);
  EXPECT_EQ(recorder.runs, made.ran.size()) << "failed runs are charged as well";
}

TEST(PageTree, AFactorThatIsMissingFailsItsPointsByName) {
  MadeUp made;
  made.add("a", brighter);
  made.spec.factors[0].name = "another";
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(10, 10, 1));
  std::vector<Point> points = points_of({{1}});
  points.push_back({baseline_point, {}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(recorder.outcomes.at(0).failure->text, "factor a is not in the screening");
  EXPECT_FALSE(recorder.outcomes.at(-1).failure);
}

TEST(PageTree, AStageItDoesNotKnowFailsAllButTheBaseline) {
  MadeUp made;
  made.add("a", brighter);
  made.spec.stages.push_back("test.magic");
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(10, 10, 1));
  std::vector<Point> points = points_of({{1}});
  points.push_back({baseline_point, {}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(recorder.outcomes.at(0).failure->text, "this program has no stage test.magic");
  EXPECT_FALSE(recorder.outcomes.at(-1).failure);
}

TEST(PageTree, TooManyComponentsAreAFailureOfTheSetting) {
  MadeUp made;
  made.add("a", [](const cv::Mat& image, double) {
    cv::Mat dots(image.size(), CV_8UC1, cv::Scalar(255));
    for (int i = 0; i < 51; ++i) dots.at<uchar>(2 * (i / 20), 2 * (i % 20)) = 0;
    return dots;
  });
  made.spec.limits.components = 50;
  PageTree tree = made.tree();
  cv::Mat page(80, 80, CV_8UC1, cv::Scalar(255));
  page(cv::Rect(5, 5, 20, 20)).setTo(0);
  tree.load_page({0}, page);
  const auto points = points_of({{1}, {0}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  const Failure failure = recorder.outcomes.at(0).failure.value();
  EXPECT_EQ(failure.kind, FailureKind::components);
  EXPECT_EQ(failure.node, "a(value=1)");
  EXPECT_EQ(failure.text, "51 connected components in the final image, more than 50");
  EXPECT_FALSE(recorder.outcomes.at(1).failure);
}

TEST(PageTree, TheBaselineDoesNotBreakTheKeptPath) {
  MadeUp made;
  made.add("a", brighter);
  made.add("b", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(40, 30, 1) / 4);
  std::vector<Point> first = points_of({{5, 1}});
  first.push_back({baseline_point, {}});
  Recorder before(first);
  tree.evaluate(first, before);
  std::vector<Point> second = points_of({{5, 1}, {5, 2}});
  second.erase(second.begin());
  Recorder after(second);
  tree.evaluate(second, after);
  EXPECT_EQ(count_of(made.ran, "a:5"), 1U) << "the next batch goes on from the image of stage a";
}

TEST(PageTree, LengthsOnPaperFollowThePagesResolutionAlone) {
  MadeUp made(150);
  made.add("a", [](const cv::Mat& image, double value) {
    cv::Mat out;
    cv::resize(image, out, {}, value, value, cv::INTER_AREA);
    return out;
  });
  made.add("b", brighter, FactorUnit::px300);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(40, 30, 1) / 4);
  const auto points = points_of({{0, 30}, {2, 30}});
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_EQ(count_of(made.ran, "b:15"), 2U) << "30 px at 300 dpi are 15 px at 150, enlarged or not";
}

TEST(PageTree, AnObserverThatThrowsLeavesTheTreeUsable) {
  MadeUp made;
  made.add("a", brighter);
  made.add("b", brighter);
  PageTree tree = made.tree();
  const cv::Mat page = noise_image(40, 30, 1) / 4;
  tree.load_page({0}, page);
  struct Thrower : TreeObserver {
    void started(std::size_t, const std::string& node) override {
      if (node.starts_with("b")) throw std::runtime_error("gone");
    }
    void leaf(const TreeLeaf&) override {}
  } thrower;
  const auto points = points_of({{1, 10}, {2, 10}});
  EXPECT_THROW(tree.evaluate(points, thrower), std::runtime_error);
  Recorder recorder(points);
  tree.evaluate(points, recorder);
  EXPECT_TRUE(same_pixels(recorder.image_of(0), page + 11));
  EXPECT_TRUE(same_pixels(recorder.image_of(1), page + 12));
}

TEST(PageTree, ChargesElapsedTimeByTheClockItIsGiven) {
  MadeUp made;
  made.add("a", brighter);
  PageTree tree = made.tree();
  tree.load_page({0}, noise_image(10, 10, 1) / 2);
  struct Times : TreeObserver {
    void started(std::size_t, const std::string&) override {}
    void leaf(const TreeLeaf& leaf) override { runs = leaf.runs; }
    std::vector<StageRun> runs;
  } times;
  tree.evaluate(points_of({{1}}), times);
  ASSERT_EQ(times.runs.size(), 1U);
  EXPECT_EQ(times.runs[0], (StageRun{0, 1.0}));
}

TEST(PackedImage, ComesBackExactlyAndGivesUpOnLargeDifferences) {
  const cv::Mat base = noise_image(300, 200, 1);
  cv::Mat near = base.clone();
  near(cv::Rect(290, 0, 10, 200)).setTo(1);
  near(cv::Rect(0, 199, 300, 1)).setTo(9);
  const auto packed = PackedImage::pack(near, base, 10'000);
  ASSERT_TRUE(packed);
  EXPECT_LT(packed->bytes(), 4000U);
  EXPECT_TRUE(same_pixels(packed->unpack(base), near));
  EXPECT_TRUE(same_pixels(PackedImage::pack(base, base, 0)->unpack(base), base));
  EXPECT_FALSE(PackedImage::pack(noise_image(300, 200, 2), base, 10'000));
  EXPECT_FALSE(PackedImage::pack(noise_image(300, 201, 2), base, 1'000'000));
}

TEST(ImageHash, TellsSizesAndPixelsApartAndNotStrides) {
  const cv::Mat image = noise_image(64, 48, 1);
  std::set<ImageHash> seen{image_hash(image), image_hash(image.reshape(1, 64)), image_hash(cv::Mat())};
  for (int i = 0; i < 200; ++i) {
    cv::Mat other = image.clone();
    other.at<uchar>(i % 48, (i * 7) % 64) ^= static_cast<uchar>(1 + i % 255);
    seen.insert(image_hash(other));
  }
  EXPECT_EQ(seen.size(), 203U);
  const cv::Mat part = image(cv::Rect(3, 5, 21, 17));
  EXPECT_FALSE(part.isContinuous());
  EXPECT_EQ(image_hash(part), image_hash(part.clone()));
  EXPECT_NE(image_hash(cv::Mat(1, 17, CV_8UC1, cv::Scalar(0))), image_hash(cv::Mat(1, 18, CV_8UC1, cv::Scalar(0))));
}

}  // namespace
}  // namespace ocrs
