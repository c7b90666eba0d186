// Drives real evaluator children over a socketpair with real Tesseract. Oracles: plain OpenCV calls for images, an
// engine of this process for readings.
#include "worker/io/evaluator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "common/core/pipeline_spec.hpp"
#include "common/io/hash.hpp"
#include "tests/support/evaluator_child.hpp"
#include "tests/support/tesseract_models.hpp"
#include "worker/io/evaluator_process.hpp"
#include "worker/io/tesseract_engine.hpp"

namespace ocrs {
namespace {

using Values = std::map<std::string, FactorValue>;

const std::string ground_truth = "The quick brown fox jumps\nover the lazy dog.\n";

cv::Mat drawn_page(const std::string& second = "over the lazy dog.", int noise = 60) {
  cv::Mat page(200, 800, CV_8UC1, cv::Scalar(230));
  cv::putText(page, "The quick brown fox jumps", {40, 80}, cv::FONT_HERSHEY_COMPLEX, 1.2, cv::Scalar(40), 2,
              cv::LINE_AA);
  cv::putText(page, second, {40, 150}, cv::FONT_HERSHEY_COMPLEX, 1.2, cv::Scalar(40), 2, cv::LINE_AA);
  cv::Mat grain(page.size(), CV_8UC1);
  cv::RNG random(3);
  random.fill(grain, cv::RNG::UNIFORM, 0, noise);
  cv::subtract(page, grain, page);
  return page;
}

std::string png_of(const cv::Mat& image) {
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", image, bytes);
  return {bytes.begin(), bytes.end()};
}

/// Two pages of the pipeline `open`; the first has ground truth.
ScreeningSpec open_screening() {
  ScreeningSpec spec;
  const PipelineSpec& open = *find_pipeline("open");
  for (const StageSpec& stage : open.stages) spec.stages.push_back(stage.id);
  for (const FactorSlot& slot : factor_slots(open)) spec.factors.push_back({slot.factor->name, slot.factor->unit});
  spec.pages.resize(2);
  spec.pages[0].ground_truth = hash_bytes(ground_truth);
  return spec;
}

/// Every choice off but those named.
Point point(const ScreeningSpec& spec, std::int64_t index, Values values) {
  Point made{PointIndex{index}, {}};
  for (const StageSpec& stage : find_pipeline("open")->stages)
    values.try_emplace(stage.choice->name, std::string("off"));
  for (const FactorRef& factor : spec.factors) made.values.push_back(values[factor.name]);
  return made;
}

Values otsu() { return {{"binarise", std::string("otsu")}}; }
Values gaussian() { return {{"smooth", std::string("gaussian")}, {"smooth_size", std::int64_t{3}}}; }
Values adaptive(double c) {
  return {{"binarise", std::string("adaptive")}, {"bin_block", std::int64_t{25}}, {"bin_c", c}};
}
Values both(Values a, const Values& b) {
  a.insert(b.begin(), b.end());
  return a;
}

Evaluate batch_of(std::uint64_t batch, std::uint32_t page, std::vector<Point> points) {
  Evaluate evaluate{BatchId{batch}, PageIndex{page}, std::move(points), {}};
  for (std::size_t i = 0; i < evaluate.points.size(); ++i) {
    evaluate.attempts.push_back(Attempt{static_cast<std::uint32_t>(i + 1)});
  }
  return evaluate;
}

std::vector<Evaluated> evaluated_in(const std::vector<EvaluatorReport>& reports) {
  std::vector<Evaluated> results;
  for (const EvaluatorReport& report : reports) {
    if (const auto* const one = std::get_if<Evaluated>(&report)) results.push_back(*one);
  }
  return results;
}

std::vector<std::string> nodes_in(const std::vector<EvaluatorReport>& reports) {
  std::vector<std::string> nodes;
  for (const EvaluatorReport& report : reports) {
    if (const auto* const one = std::get_if<Started>(&report)) nodes.push_back(one->node);
  }
  return nodes;
}

std::size_t recognitions_in(const std::vector<EvaluatorReport>& reports) {
  const std::vector<Evaluated> results = evaluated_in(reports);
  return static_cast<std::size_t>(
      std::count_if(results.begin(), results.end(), [](const Evaluated& one) { return one.result.cost.recognised; }));
}

/// An evaluator that has the screening and its first page.
class PreparedEvaluator : public EvaluatorChild {
 public:
  explicit PreparedEvaluator(const ScreeningSpec& spec, const std::string& page = png_of(drawn_page()),
                             const std::string& models = tesseract_models_folder()) {
    expect<Ready>();
    send(Prepare{spec, models});
    send(LoadPage{PageIndex{0}, ground_truth}, page);
  }
  std::vector<EvaluatorReport> evaluate(const Evaluate& command) {
    send(command);
    return batch_reports();
  }
};

Reading read_here(const cv::Mat& image) {
  const TesseractSettings settings{tesseract_models_folder(), 1, true};
  return start_tesseract(settings, {"eng", 6}).value()->read(image).value();
}

TEST(Evaluator, IsReadyFirstWithTheVersionsOfItsLibraries) {
  EvaluatorChild child;
  EXPECT_EQ(child.expect<Ready>().engine, engine_versions());
  child.send(Quit{});
  EXPECT_TRUE(child.exit().clean());
  EXPECT_EQ(child.printed(), "");
}

TEST(Evaluator, EndsWhenItsPeerCloses) {
  EvaluatorChild child;
  child.expect<Ready>();
  child.close();
  EXPECT_TRUE(child.exit().clean());
}

TEST(Evaluator, RefusesToStartWithTesseractsThreadsOn) {
  EvaluatorChild child("4");
  const Problem problem = child.expect<Problem>();
  EXPECT_TRUE(problem.fatal);
  EXPECT_NE(problem.text.find("OMP_THREAD_LIMIT=1"), std::string::npos) << problem.text;
  EXPECT_EQ(child.exit().code, 2);
}

TEST(Evaluator, LooksForTheThreadLimitAsAWholeEntry) {
  using namespace std::string_view_literals;
  EXPECT_TRUE(check_thread_limit("A=b\0OMP_THREAD_LIMIT=1\0Z=\0"sv).ok());
  EXPECT_TRUE(check_thread_limit("OMP_THREAD_LIMIT=1"sv).ok());
  EXPECT_FALSE(check_thread_limit("OMP_THREAD_LIMIT=16\0X=OMP_THREAD_LIMIT=1\0"sv).ok());
  EXPECT_FALSE(check_thread_limit(""sv).ok());
}

TEST(Evaluator, DescribesAnImage) {
  EvaluatorChild child;
  child.expect<Ready>();
  child.send(DescribePage{"page.png", 1'000'000}, png_of(drawn_page()));
  const auto description = child.expect<PageDescription>();
  EXPECT_EQ(description.error, "");
  ASSERT_EQ(description.frames.size(), 1u);
  EXPECT_EQ(description.frames[0].width, 800u);
  EXPECT_EQ(description.frames[0].height, 200u);
  EXPECT_EQ(description.frames[0].dpi_source, "estimated");
  EXPECT_NEAR(description.frames[0].brightness, cv::mean(drawn_page())[0], 0.01);

  child.send(DescribePage{"folder/broken.png", 1'000'000}, "no image at all");
  const auto broken = child.expect<PageDescription>();
  EXPECT_EQ(broken.error.rfind("folder/broken.png: ", 0), 0u) << broken.error;
  child.send(DescribePage{"large.png", 1000}, png_of(drawn_page()));
  EXPECT_NE(child.expect<PageDescription>().error, "");
  child.send(DescribePage{"none.png", 1000});
  EXPECT_NE(child.expect<PageDescription>().error, "") << "no bytes came";
}

cv::Mat picture_in(const Previewed& previewed) {
  const std::vector<std::uint8_t> bytes(previewed.image.begin(), previewed.image.end());
  return bytes.empty() ? cv::Mat() : cv::imdecode(bytes, cv::IMREAD_GRAYSCALE);
}

TEST(Evaluator, ShowsAPageThroughASettingAsASmallPictureWithoutReadingIt) {
  const ScreeningSpec spec = open_screening();
  PreparedEvaluator child(spec);
  const auto ask = [&](const Point& setting, std::uint32_t width) {
    child.send(Preview{PageIndex{0}, setting, width});
    while (const auto report = child.receive()) {
      const auto* started = std::get_if<Started>(&*report);
      EXPECT_NE(started ? started->node : "", "recognise");
      if (const auto* previewed = std::get_if<Previewed>(&*report)) return *previewed;
    }
    return Previewed{"the evaluator went away", {}};
  };
  const cv::Mat untouched = picture_in(ask({baseline_point, {}}, 400));
  ASSERT_EQ(untouched.size(), cv::Size(400, 100));
  cv::Mat expected;
  cv::resize(drawn_page(), expected, {400, 100}, 0, 0, cv::INTER_AREA);
  EXPECT_LT(cv::norm(untouched, expected, cv::NORM_L1) / double(expected.total()), 6) << "lossy, but the page";
  cv::Mat binary;
  cv::threshold(drawn_page(), binary, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  cv::resize(binary, expected, {400, 100}, 0, 0, cv::INTER_AREA);
  const cv::Mat after = picture_in(ask(point(spec, 3, otsu()), 400));
  ASSERT_EQ(after.size(), expected.size());
  EXPECT_LT(cv::norm(after, expected, cv::NORM_L1) / double(expected.total()), 6);
  EXPECT_EQ(picture_in(ask({baseline_point, {}}, 5000)).cols, 800) << "never larger than the page";
  EXPECT_NE(ask({baseline_point, {}}, 0).error, "");
  child.send(Preview{PageIndex{1}, {baseline_point, {}}, 400});
  EXPECT_NE(child.expect<Previewed>().error.find("not loaded"), std::string::npos);
}

TEST(Evaluator, ChecksModels) {
  EvaluatorChild child;
  child.expect<Ready>();
  child.send(CheckModels{tesseract_models_folder(), {"eng"}});
  EXPECT_EQ(child.expect<ModelsChecked>().error, "");
  child.send(CheckModels{tesseract_models_folder(), {"eng", "eng+xyz"}});
  EXPECT_NE(child.expect<ModelsChecked>().error.find("xyz.traineddata"), std::string::npos);
}

TEST(Evaluator, RegressionChecksModelsForTheEngineModeOfTheScreening) {
  EvaluatorChild child;
  child.expect<Ready>();
  child.send(CheckModels{tesseract_models_folder(), {"eng"}, 7});
  EXPECT_NE(child.expect<ModelsChecked>().error.find("oem 7"), std::string::npos);
}

TEST(Evaluator, ReadsAndScoresWhatPlainCallsRead) {
  const ScreeningSpec spec = open_screening();
  PreparedEvaluator child(spec);
  const auto reports =
      child.evaluate(batch_of(5, 0, {Point{baseline_point, {}}, point(spec, 0, otsu()), point(spec, 1, gaussian())}));
  const auto results = evaluated_in(reports);
  ASSERT_EQ(results.size(), 3u);

  const cv::Mat page = drawn_page();
  std::map<std::int64_t, cv::Mat> images{{-1, page}};
  cv::threshold(page, images[0], 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  cv::GaussianBlur(page, images[1], {3, 3}, 0);
  for (const Evaluated& one : results) {
    const cv::Mat& image = images[one.result.id.point.value];
    SCOPED_TRACE("point " + std::to_string(one.result.id.point.value));
    ASSERT_FALSE(one.result.failure) << one.result.failure->text;
    EXPECT_EQ(one.batch, BatchId{5});
    EXPECT_EQ(one.result.id.page, PageIndex{0});
    EXPECT_EQ(one.result.attempt.value, static_cast<std::uint32_t>(one.result.id.point.value + 2));
    EXPECT_EQ(one.result.backend, "cpu");
    EXPECT_EQ(one.result.reading, hash_bytes(one.reading));
    const auto reading = decode_reading(one.reading);
    ASSERT_TRUE(reading.ok()) << reading.error().text;
    EXPECT_EQ(*reading, read_here(image));

    double confidence = 0;
    for (const ReadWord& word : reading->words)
      confidence += word.confidence / static_cast<double>(reading->words.size());
    EXPECT_NEAR(one.result.scores.confidence, confidence, 1e-9);
    EXPECT_EQ(one.result.scores.words, reading->words.size());
    EXPECT_EQ(one.result.scores.words, 9u);
    EXPECT_EQ(one.result.scores.characters, 36u) << reading->text;
    ASSERT_TRUE(one.result.scores.cer && one.result.scores.wer && one.result.scores.word_recall);
    EXPECT_EQ(*one.result.scores.cer, 0) << reading->text;
    EXPECT_EQ(*one.result.scores.word_recall, 1);
    cv::Scalar mean, deviation;
    cv::meanStdDev(image, mean, deviation);
    EXPECT_NEAR(one.result.scores.contrast, deviation[0], 1e-6);
    EXPECT_TRUE(one.result.cost.recognised);
    EXPECT_GT(one.result.cost.recognise_ms, 0);
    EXPECT_GE(one.result.cost.elapsed_ms, one.result.cost.recognise_ms);
    EXPECT_EQ(one.result.cost.stages_run.size(), one.result.id.point == baseline_point ? 0u : 1u);
  }
  const auto& done = std::get<EvaluateDone>(reports.back());
  EXPECT_EQ(done.batch, BatchId{5});
  EXPECT_GT(done.resident_bytes, 10'000'000u);
  EXPECT_GE(done.peak_bytes, done.resident_bytes / 2);
  child.send(Quit{});
  EXPECT_TRUE(child.exit().clean());
  EXPECT_EQ(child.printed(), "") << "stderr is kept for the last words of a crash";
}

TEST(Evaluator, NamesEveryNodeBeforeItRunsAndTheEvaluationItRunsFor) {
  const ScreeningSpec spec = open_screening();
  PreparedEvaluator child(spec);
  const auto reports = child.evaluate(batch_of(1, 0, {point(spec, 7, both(gaussian(), otsu()))}));
  EXPECT_EQ(nodes_in(reports),
            (std::vector<std::string>{"decode", "smooth(gaussian,size=3)", "binarise(otsu)", "recognise", "score"}));
  for (const EvaluatorReport& report : reports) {
    if (const auto* const started = std::get_if<Started>(&report)) {
      EXPECT_EQ(started->evaluation, (EvaluationId{PageIndex{0}, PointIndex{7}}));
    }
  }
  EXPECT_TRUE(std::holds_alternative<Evaluated>(reports[reports.size() - 2]));
}

TEST(Evaluator, RecognisesEqualFinalImagesOnceAlsoAcrossBatches) {
  const ScreeningSpec spec = open_screening();
  PreparedEvaluator child(spec);
  // bin_c counts as its ceiling only.
  const auto reports = child.evaluate(batch_of(1, 0, {point(spec, 0, adaptive(10.2)), point(spec, 1, adaptive(10.7))}));
  const auto results = evaluated_in(reports);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(recognitions_in(reports), 1u);
  EXPECT_EQ(results[0].result.scores, results[1].result.scores);
  EXPECT_EQ(results[0].reading, results[1].reading);
  EXPECT_TRUE(results[1].result.cost.stages_run.empty()) << "what is shared is paid once";

  const auto again = child.evaluate(batch_of(2, 0, {point(spec, 5, adaptive(10.5))}));
  EXPECT_EQ(recognitions_in(again), 0u);
  ASSERT_EQ(evaluated_in(again).size(), 1u);
  EXPECT_EQ(evaluated_in(again)[0].result.scores, results[0].result.scores);

  child.send(LoadPage{PageIndex{0}, ground_truth}, png_of(drawn_page()));
  EXPECT_EQ(recognitions_in(child.evaluate(batch_of(3, 0, {point(spec, 5, adaptive(10.5))}))), 1u)
      << "a page that is loaded anew is read anew";
}

TEST(Evaluator, GivesTheSameResultsInAnyOrderAndBatchShape) {
  ScreeningSpec spec = open_screening();
  spec.engine.width_max = 700;
  std::vector<Point> points{Point{baseline_point, {}},
                            point(spec, 0, otsu()),
                            point(spec, 1, gaussian()),
                            point(spec, 2, both(gaussian(), otsu())),
                            point(spec, 3, adaptive(12)),
                            point(spec, 4, both(gaussian(), adaptive(12))),
                            point(spec, 5, both(gaussian(), adaptive(11.5)))};
  const std::vector<std::string> pages{png_of(drawn_page()), png_of(drawn_page("a wholly other line", 90))};

  const auto keep = [](std::map<EvaluationId, std::pair<Scores, std::string>>& into,
                       const std::vector<EvaluatorReport>& reports) {
    for (const Evaluated& one : evaluated_in(reports)) {
      ASSERT_FALSE(one.result.failure) << one.result.failure->text;
      ASSERT_TRUE(into.emplace(one.result.id, std::pair{one.result.scores, one.reading}).second);
    }
  };
  std::map<EvaluationId, std::pair<Scores, std::string>> whole, split;
  {
    PreparedEvaluator child(spec, pages[0]);
    keep(whole, child.evaluate(batch_of(1, 0, points)));
    child.send(LoadPage{PageIndex{1}, ""}, pages[1]);
    keep(whole, child.evaluate(batch_of(2, 1, points)));
  }
  {
    // Backwards, alone or in twos, pages in turn.
    PreparedEvaluator child(spec, pages[0]);
    std::reverse(points.begin(), points.end());
    for (std::size_t i = 0; i < points.size(); i += 2) {
      for (const std::uint32_t page : {1u, 0u}) {
        child.send(LoadPage{PageIndex{page}, page == 0 ? ground_truth : ""}, pages[page]);
        const auto first = points.begin() + static_cast<std::ptrdiff_t>(i);
        const auto last = points.begin() + static_cast<std::ptrdiff_t>(std::min(i + 2, points.size()));
        keep(split, child.evaluate(batch_of(i, page, {first, last})));
      }
    }
  }
  ASSERT_EQ(whole.size(), 2 * points.size());
  EXPECT_EQ(whole, split);
  EXPECT_TRUE(whole.begin()->second.first.cer) << "page 0 has ground truth";
  EXPECT_FALSE(whole.rbegin()->second.first.cer) << "page 1 has none";
  EXPECT_NE(whole.begin()->second.second, whole.rbegin()->second.second);
}

TEST(Evaluator, FailsEveryEvaluationOfAnUnreadablePageAndDecodesItOnce) {
  const ScreeningSpec spec = open_screening();
  PreparedEvaluator child(spec, png_of(drawn_page()).substr(0, 60));
  std::vector<EvaluatorReport> all;
  for (const std::uint64_t batch : {1u, 2u}) {
    const auto reports = child.evaluate(batch_of(batch, 0, {Point{baseline_point, {}}, point(spec, 0, otsu())}));
    const auto results = evaluated_in(reports);
    ASSERT_EQ(results.size(), 2u);
    for (const Evaluated& one : results) {
      ASSERT_TRUE(one.result.failure);
      EXPECT_EQ(one.result.failure->kind, FailureKind::page_unreadable);
      EXPECT_EQ(one.result.failure->node, "decode");
      EXPECT_NE(one.result.failure->text, "");
      EXPECT_EQ(one.reading, "");
      EXPECT_EQ(one.result.reading, ContentHash{});
    }
    all.insert(all.end(), reports.begin(), reports.end());
  }
  EXPECT_EQ(nodes_in(all), std::vector<std::string>{"decode"});
  child.send(LoadPage{PageIndex{1}, ""}, png_of(drawn_page()));
  const auto next = evaluated_in(child.evaluate(batch_of(3, 1, {Point{baseline_point, {}}})));
  ASSERT_EQ(next.size(), 1u);
  EXPECT_FALSE(next[0].result.failure) << "the next page is none the worse";
}

TEST(Evaluator, FailsASettingThatLeavesMoreComponentsThanTheLimit) {
  ScreeningSpec spec = open_screening();
  spec.limits.components = 200;  // about 40 letters
  PreparedEvaluator child(spec);
  const Values noisy{{"binarise", std::string("adaptive")}, {"bin_block", std::int64_t{25}}, {"bin_c", -5.0}};
  const auto results = evaluated_in(child.evaluate(batch_of(1, 0, {point(spec, 0, noisy), point(spec, 1, otsu())})));
  ASSERT_EQ(results.size(), 2u);
  for (const Evaluated& one : results) {
    if (one.result.id.point == PointIndex{1}) {
      EXPECT_FALSE(one.result.failure) << one.result.failure->text;
      continue;
    }
    ASSERT_TRUE(one.result.failure);
    EXPECT_EQ(one.result.failure->kind, FailureKind::components);
    EXPECT_EQ(one.result.failure->node.rfind("binarise(adaptive", 0), 0u) << one.result.failure->node;
    EXPECT_EQ(one.result.cost.stages_run.size(), 1u);
    EXPECT_FALSE(one.result.cost.recognised);
  }
}

TEST(Evaluator, BlamesTheEngineWhenAModelIsMissing) {
  ScreeningSpec spec = open_screening();
  spec.pages[0].languages = "eng+xyz";
  PreparedEvaluator child(spec);
  const auto results = evaluated_in(child.evaluate(batch_of(1, 0, {Point{baseline_point, {}}})));
  ASSERT_EQ(results.size(), 1u);
  ASSERT_TRUE(results[0].result.failure);
  EXPECT_EQ(results[0].result.failure->kind, FailureKind::engine);
  EXPECT_NE(results[0].result.failure->text.find("xyz"), std::string::npos);
}

TEST(Evaluator, SaysWhatIsWrongWithACommandAndGoesOn) {
  const ScreeningSpec spec = open_screening();
  EvaluatorChild child;
  child.expect<Ready>();
  child.send(batch_of(1, 0, {Point{baseline_point, {}}}));
  EXPECT_FALSE(child.expect<Problem>().fatal) << "no screening yet";
  EXPECT_EQ(child.expect<EvaluateDone>().batch, BatchId{1});
  child.send(LoadPage{PageIndex{0}, ""}, "x");
  EXPECT_FALSE(child.expect<Problem>().fatal);
  ScreeningSpec newer = spec;
  newer.scores = score_version + 1;
  child.send(Prepare{newer, tesseract_models_folder()});
  EXPECT_NE(child.expect<Problem>().text.find("score version"), std::string::npos);
  child.send(Prepare{spec, tesseract_models_folder()});
  child.send(LoadPage{PageIndex{2}, ""}, "x");
  EXPECT_NE(child.expect<Problem>().text.find("page 2"), std::string::npos);
  child.send(LoadPage{PageIndex{1}, ""}, png_of(drawn_page()));
  child.send(batch_of(2, 0, {Point{baseline_point, {}}}));
  EXPECT_NE(child.expect<Problem>().text.find("page 0"), std::string::npos);
  EXPECT_EQ(child.expect<EvaluateDone>().batch, BatchId{2});
  child.send(batch_of(3, 1, {Point{baseline_point, {}}}));
  const auto results = evaluated_in(child.batch_reports());
  ASSERT_EQ(results.size(), 1u);
  EXPECT_FALSE(results[0].result.failure);
}

TEST(Evaluator, EndsAfterAFrameItCannotUnderstand) {
  EvaluatorChild child;
  child.expect<Ready>();
  child.send_frame("\xc1not msgpack");
  EXPECT_TRUE(child.expect<Problem>().fatal);
  EXPECT_EQ(child.exit().code, 1);
}

TEST(Evaluator, ReportsAPageThatDoesNotFitItsMemoryAndLives) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer needs an address space without a limit";
#endif
  ScreeningSpec spec = open_screening();
  EvaluatorChild child("1", std::uint64_t{700} * 1024 * 1024);
  child.expect<Ready>();
  child.send(Prepare{spec, tesseract_models_folder()});
  const cv::Mat large(12'000, 16'000, CV_8UC1, cv::Scalar(255));
  std::vector<std::uint8_t> bytes;
  cv::imencode(".jpg", large, bytes);
  child.send(LoadPage{PageIndex{0}, ""}, std::string(bytes.begin(), bytes.end()));
  const Values two_stages = both(gaussian(), adaptive(10));
  child.send(batch_of(1, 0, {point(spec, 0, two_stages)}));
  const auto results = evaluated_in(child.batch_reports());
  ASSERT_EQ(results.size(), 1u);
  ASSERT_TRUE(results[0].result.failure);
  EXPECT_EQ(results[0].result.failure->kind, FailureKind::memory) << results[0].result.failure->text;

  child.send(LoadPage{PageIndex{1}, ""}, png_of(drawn_page()));
  child.send(batch_of(2, 1, {point(spec, 0, two_stages)}));
  const auto next = evaluated_in(child.batch_reports());
  ASSERT_EQ(next.size(), 1u);
  EXPECT_FALSE(next[0].result.failure) << next[0].result.failure->text;
}

}  // namespace
}  // namespace ocrs
