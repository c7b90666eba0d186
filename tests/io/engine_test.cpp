// Real Tesseract in this process against the `tesseract` command, which is the oracle.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <set>
#include <sstream>

#include "tests/support/shared_pages.hpp"
#include "tests/support/tesseract_models.hpp"
#include "worker/io/ocr_batch.hpp"
#include "worker/io/tesseract_engine.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

/// A folder that is gone after the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "ocrs-engine-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~ScratchFolder() { fs::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

cv::Mat written_page(const std::vector<std::string>& lines, int noise = 0) {
  cv::Mat page(80 + 60 * static_cast<int>(lines.size()), 1100, CV_8UC1, cv::Scalar(255));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    cv::putText(page, lines[i], {40, 80 + 60 * static_cast<int>(i)}, cv::FONT_HERSHEY_COMPLEX, 1.1, cv::Scalar(0), 2,
                cv::LINE_AA);
  }
  if (noise > 0) {
    cv::Mat grain(page.size(), CV_8UC1);
    cv::RNG random(5);
    random.fill(grain, cv::RNG::UNIFORM, 0, noise);
    cv::subtract(page, grain, page);
  }
  return page;
}

const std::vector<std::string> fox{"The quick brown fox jumps over", "the lazy dog, and 42 more lines",
                                   "are read from a drawn page."};

std::string output_of(const std::string& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::string output;
  char buffer[4096];
  for (std::size_t count = 0; (count = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

std::vector<std::string> tokens_of(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

struct CommandWords {
  std::vector<std::string> texts;
  double confidence = 0;  // mean
};

/// Words of `tesseract … tsv`: level 5, the text not blank.
CommandWords command_words(const std::string& tsv) {
  CommandWords words;
  std::istringstream lines(tsv);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
    if (cells.size() < 12 || cells[0] != "5" || tokens_of(cells[11]).empty()) continue;
    words.texts.push_back(cells[11]);
    words.confidence += std::strtod(cells[10].c_str(), nullptr);
  }
  if (!words.texts.empty()) words.confidence /= static_cast<double>(words.texts.size());
  return words;
}

double mean_confidence(const Reading& reading) {
  double sum = 0;
  for (const ReadWord& word : reading.words) sum += word.confidence;
  return reading.words.empty() ? 0 : sum / static_cast<double>(reading.words.size());
}

Result<std::unique_ptr<OcrEngine>> engine_for(const EngineKey& key, bool invert = true) {
  return start_tesseract(TesseractSettings{tesseract_models_folder(), 1, invert}, key);
}

void expect_same_as_the_command(const cv::Mat& page, const EngineKey& key) {
  const ScratchFolder scratch;
  const std::string image = (scratch.path() / "page.png").string();
  ASSERT_TRUE(cv::imwrite(image, page));
  const std::string options = " --tessdata-dir " + tesseract_models_folder() + " --oem 1 --psm " +
                              std::to_string(key.psm) + " -l " + key.languages;
  const std::string command = "OMP_THREAD_LIMIT=1 tesseract " + image + " - " + options;
  const CommandWords words = command_words(output_of(command + " tsv 2>/dev/null"));
  const std::string text = output_of(command + " 2>/dev/null");

  auto engine = engine_for(key);
  ASSERT_TRUE(engine.ok()) << engine.error().text;
  const auto reading = (*engine)->read(page);
  ASSERT_TRUE(reading.ok()) << reading.error().text;
  EXPECT_EQ(tokens_of(reading->text), tokens_of(text));
  std::vector<std::string> own_words;
  for (const ReadWord& word : reading->words) own_words.push_back(word.text);
  EXPECT_EQ(own_words, words.texts);
  EXPECT_NEAR(mean_confidence(*reading), words.confidence, 0.01 * words.confidence);
  std::printf("words %zu, confidence %.6f, command %.6f\n", words.texts.size(), mean_confidence(*reading),
              words.confidence);
}

TEST(TesseractEngine, ReadsADrawnPageAsTheCommandDoes) {
  expect_same_as_the_command(written_page(fox), {"eng", 6});
  expect_same_as_the_command(written_page(fox, 120), {"eng", 6});
  expect_same_as_the_command(written_page(fox), {"eng", 3});
}

class SharedPage : public testing::TestWithParam<std::pair<const char*, EngineKey>> {};

TEST_P(SharedPage, IsReadAsTheCommandReadsIt) {
  const auto folder = shared_pages();
  if (!folder) GTEST_SKIP() << "no real pages: name their folder in OCRS_PAGES";
  const fs::path file = *folder / GetParam().first;
  if (!fs::exists(file)) GTEST_SKIP() << file << " is not there";
  if (GetParam().second.languages != "eng" && !fs::exists(fs::path(tesseract_models_folder()) / "fra.traineddata")) {
    GTEST_SKIP() << "the French model is not installed";
  }
  cv::Mat page = cv::imread(file.string(), cv::IMREAD_GRAYSCALE);
  ASSERT_FALSE(page.empty());
  if (page.cols > 1400) {
    const double scale = 1400.0 / page.cols;
    cv::resize(page, page, {}, scale, scale, cv::INTER_AREA);
  }
  expect_same_as_the_command(page, GetParam().second);
}

INSTANTIATE_TEST_SUITE_P(SeveralPages, SharedPage,
                         testing::Values(std::pair{"ehri_BF-19380718_EN_01.jpg", EngineKey{"eng", 6}},
                                         std::pair{"sroie_024.jpg", EngineKey{"eng", 6}},
                                         std::pair{"tap_trepont_0003.jpg", EngineKey{"fra", 6}},
                                         std::pair{"mem_L54.jpg", EngineKey{"eng", 3}},
                                         std::pair{"tap_eu_52505123m_2.jpg", EngineKey{"fra+eng", 6}}));

TEST(TesseractEngine, GivesBoxesInsideTheImageAndKnowsWordsOfItsLexicon) {
  auto engine = engine_for({"eng", 6});
  ASSERT_TRUE(engine.ok());
  const cv::Mat page = written_page({"\"The quick brown fox\", jumps", "qzxvw over the dog."});
  const auto reading = (*engine)->read(page);
  ASSERT_TRUE(reading.ok());
  std::set<std::string> known;
  for (const ReadWord& word : reading->words) {
    EXPECT_LT(word.left, word.right);
    EXPECT_LT(word.top, word.bottom);
    EXPECT_GE(word.left, 0);
    EXPECT_LE(word.right, page.cols);
    EXPECT_LE(word.bottom, page.rows);
    EXPECT_GE(word.confidence, 0);
    EXPECT_LE(word.confidence, 100);
    if (word.in_lexicon) known.insert(word.text);
  }
  EXPECT_TRUE(known.contains("brown"));
  EXPECT_TRUE(known.contains("dog.")) << "the full stop is trimmed before the lexicon is asked";
  EXPECT_FALSE(known.contains("qzxvw"));
}

TEST(TesseractEngine, ReadsNothingOnAnEmptyPage) {
  auto engine = engine_for({"eng", 6});
  ASSERT_TRUE(engine.ok());
  for (const int grey : {0, 128, 255}) {
    const auto reading = (*engine)->read(cv::Mat(400, 300, CV_8UC1, cv::Scalar(grey)));
    ASSERT_TRUE(reading.ok()) << reading.error().text;
    EXPECT_TRUE(reading->words.empty());
    EXPECT_TRUE(tokens_of(reading->text).empty());
  }
}

TEST(TesseractEngine, ReadsAPartOfALargerImageWithoutACopy) {
  auto engine = engine_for({"eng", 6});
  ASSERT_TRUE(engine.ok());
  const cv::Mat page = written_page(fox);
  cv::Mat larger(page.rows + 50, page.cols + 77, CV_8UC1, cv::Scalar(0));
  page.copyTo(larger(cv::Rect(33, 20, page.cols, page.rows)));
  const cv::Mat before = larger.clone();
  const auto part = (*engine)->read(larger(cv::Rect(33, 20, page.cols, page.rows)));
  const auto whole = (*engine)->read(page);
  ASSERT_TRUE(part.ok() && whole.ok());
  EXPECT_EQ(*part, *whole);
  EXPECT_EQ(cv::norm(before, larger, cv::NORM_INF), 0) << "the image is only looked at";
}

TEST(TesseractEngine, TellsAnImageItCannotRead) {
  auto engine = engine_for({"eng", 6});
  ASSERT_TRUE(engine.ok());
  const auto reading = (*engine)->read(cv::Mat(8, 40'000, CV_8UC1, cv::Scalar(255)));
  ASSERT_FALSE(reading.ok());
  EXPECT_NE(reading.error().text.find("40000"), std::string::npos) << reading.error().text;
  EXPECT_FALSE((*engine)->read(written_page(fox))->words.empty()) << "and goes on with the next one";
}

TEST(TesseractEngine, ReadsNoInvertedLinesWhenToldSo) {
  cv::Mat page = written_page(fox);
  cv::Mat band = page(cv::Rect(0, 100, page.cols, 60));
  cv::bitwise_not(band, band);
  const auto with = engine_for({"eng", 6}, true).value()->read(page);
  const auto without = engine_for({"eng", 6}, false).value()->read(page);
  ASSERT_TRUE(with.ok() && without.ok());
  EXPECT_NE(with->text.find("lazy"), std::string::npos) << with->text;
  EXPECT_NE(*with, *without);
}

TEST(TesseractEngine, RefusesAMissingSecondLanguage) {
  const auto engine = engine_for({"eng+xxx", 6});
  ASSERT_FALSE(engine.ok());
  EXPECT_NE(engine.error().text.find("xxx.traineddata"), std::string::npos) << engine.error().text;
  EXPECT_FALSE(engine_for({"eng+", 6}).ok());
  EXPECT_FALSE(engine_for({"", 6}).ok());
}

TEST(TesseractEngine, RefusesAModelThatDoesNotLoadAlthoughTesseractGoesOn) {
  const ScratchFolder scratch;
  fs::copy_file(fs::path(tesseract_models_folder()) / "eng.traineddata", scratch.path() / "eng.traineddata");
  std::ofstream(scratch.path() / "bad.traineddata") << "this is not a model";
  const auto second = start_tesseract(TesseractSettings{scratch.path().string(), 1, true}, {"eng+bad", 6});
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().text.find("bad"), std::string::npos) << second.error().text;
  EXPECT_FALSE(start_tesseract(TesseractSettings{scratch.path().string(), 1, true}, {"bad", 6}).ok());
}

TEST(TesseractEngine, RefusesModesThatReadNoText) {
  for (const int psm : {-1, 0, 2, 14}) EXPECT_FALSE(engine_for({"eng", psm}).ok()) << psm;
}

TEST(Models, AreCheckedAllAtOnce) {
  EXPECT_TRUE(check_models(tesseract_models_folder(), {"eng"}, 1).ok());
  const auto checked = check_models(tesseract_models_folder(), {"eng", "aaa", "eng+bbb"}, 1);
  ASSERT_FALSE(checked.ok());
  EXPECT_NE(checked.error().text.find("aaa.traineddata"), std::string::npos);
  EXPECT_NE(checked.error().text.find("bbb.traineddata"), std::string::npos);
}

TEST(EngineVersionsOfThisHost, AreThoseTheCommandNames) {
  const EngineVersions versions = engine_versions();
  const std::string told = output_of("tesseract --version 2>&1");
  EXPECT_NE(told.find("tesseract " + versions.tesseract), std::string::npos) << told;
  EXPECT_NE(told.find(versions.leptonica), std::string::npos) << told;
  EXPECT_FALSE(versions.opencv.empty());
}

OcrBatch tesseract_batch(OcrBatchLimits limits = {}, OcrBatch::MemoryGauge gauge = resident_bytes) {
  return OcrBatch([](const EngineKey& key) { return engine_for(key); }, limits, std::move(gauge));
}

std::vector<cv::Mat> different_pages() {
  return {written_page(fox), written_page({"INVOICE No. 1234", "Total 56.70 EUR"}),
          cv::Mat(300, 300, CV_8UC1, cv::Scalar(255)),
          written_page({"Une page en fran\xc3\xa7"
                        "ais, bien lisible"},
                       150)};
}

TEST(OcrBatch, ReadsEachImageAsAFreshEngineDoesInAnyOrder) {
  std::vector<EngineKey> keys{{"eng", 6}, {"eng", 3}};
  if (fs::exists(fs::path(tesseract_models_folder()) / "fra.traineddata")) keys[1] = {"fra+eng", 6};
  const std::vector<cv::Mat> pages = different_pages();
  for (const EngineKey& key : keys) {
    std::vector<Reading> alone;
    for (const cv::Mat& page : pages) alone.push_back(engine_for(key).value()->read(page).value());
    OcrBatch batch = tesseract_batch();
    std::vector<cv::Mat> twice = pages;
    twice.insert(twice.end(), pages.rbegin(), pages.rend());
    const auto readings = batch.read(twice, key);
    ASSERT_EQ(readings.size(), twice.size());
    for (std::size_t i = 0; i < twice.size(); ++i) {
      EXPECT_EQ(readings[i].value(), alone[i < pages.size() ? i : twice.size() - 1 - i]) << key.languages << " " << i;
    }
    EXPECT_EQ(batch.engine_starts(), 1u);
  }
}

/// Reads the image's first grey level as text; told what to throw or refuse by it.
class FakeEngine final : public OcrEngine {
 public:
  FakeEngine(EngineKey key, int& alive) : key_(std::move(key)), alive_(alive) { ++alive_; }
  ~FakeEngine() override { --alive_; }
  FakeEngine(const FakeEngine&) = delete;
  FakeEngine& operator=(const FakeEngine&) = delete;
  Result<Reading> read(const cv::Mat& grey) override {
    const int level = grey.at<std::uint8_t>(0, 0);
    if (level == 1) throw std::bad_alloc();
    if (level == 2) return Error{"refused"};
    return Reading{key_.languages + std::to_string(level), {}};
  }
  Result<Document> document(const cv::Mat& grey, const DocumentOrder& order) override {
    Result<Reading> reading = read(grey);
    if (!reading.ok()) return reading.error();
    return Document{*reading, order.title + reading->text};
  }

 private:
  EngineKey key_;
  int& alive_;
};

cv::Mat dot(int level) { return cv::Mat(1, 1, CV_8UC1, cv::Scalar(level)); }

struct FakeWorld {
  int alive = 0;
  std::uint64_t memory = 1000;
  OcrBatch batch(OcrBatchLimits limits) {
    return OcrBatch(
        [this](const EngineKey& key) -> Result<std::unique_ptr<OcrEngine>> {
          if (key.languages == "none") return Error{"no model"};
          return std::unique_ptr<OcrEngine>(std::make_unique<FakeEngine>(key, alive));
        },
        limits, [this] { return memory; });
  }
};

TEST(OcrBatch, KeepsTheTwoEnginesUsedLast) {
  FakeWorld world;
  OcrBatch batch = world.batch({});
  for (const char* const languages : {"a", "b", "a", "c", "a"}) {
    EXPECT_EQ(batch.read(dot(9), {languages, 6})->text, languages + std::string("9"));
    EXPECT_LE(world.alive, 2);
  }
  EXPECT_EQ(batch.engine_starts(), 3u) << "b made room for c, a stayed";
  EXPECT_TRUE(batch.read(dot(9), {"a", 3}).ok());
  EXPECT_EQ(batch.engine_starts(), 4u) << "another psm is another engine";
}

TEST(OcrBatch, StartsItsEnginesAnewWhenTheProcessHasGrown) {
  FakeWorld world;
  OcrBatch batch = world.batch({.engines_max = 2, .growth_bytes_max = 100});
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
  world.memory += 100;
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
  EXPECT_EQ(world.alive, 1) << "within the limit";
  world.memory += 1;
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
  EXPECT_EQ(world.alive, 0);
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
  EXPECT_EQ(batch.engine_starts(), 2u) << "memory that does not come back is not counted twice";
}

TEST(OcrBatch, TellsAHostThatCannotStartFromAnImageThatCannotBeRead) {
  FakeWorld world;
  OcrBatch batch = world.batch({});
  EXPECT_FALSE(batch.prepare({"none", 6}).ok());
  EXPECT_FALSE(batch.read(dot(9), {"none", 6}).ok());
  EXPECT_TRUE(batch.prepare({"a", 6}).ok());
  EXPECT_FALSE(batch.read(dot(2), {"a", 6}).ok());
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
  EXPECT_EQ(batch.engine_starts(), 1u);
}

TEST(OcrBatch, DropsItsEnginesWhenMemoryRunsOut) {
  FakeWorld world;
  OcrBatch batch = world.batch({});
  EXPECT_TRUE(batch.read(dot(9), {"b", 6}).ok());
  EXPECT_THROW((void)batch.read(dot(1), {"a", 6}), std::bad_alloc);
  EXPECT_EQ(world.alive, 0);
  EXPECT_TRUE(batch.read(dot(9), {"a", 6}).ok());
}

TEST(OcrBatch, RecyclingARealEngineChangesNoReading) {
  std::uint64_t memory = 0;
  OcrBatch batch = tesseract_batch({.engines_max = 2, .growth_bytes_max = 1}, [&] { return memory += 1000; });
  const cv::Mat page = written_page(fox);
  const auto first = batch.read(page, {"eng", 6});
  const auto second = batch.read(page, {"eng", 6});
  const auto third = batch.read(page, {"eng", 6});
  EXPECT_EQ(batch.engine_starts(), 2u);
  EXPECT_EQ(first.value(), second.value());
  EXPECT_EQ(first.value(), third.value());
}

TEST(ProcessMemory, IsTold) {
  EXPECT_GT(resident_bytes(), 1'000'000u);
  EXPECT_GE(peak_resident_bytes(), resident_bytes() / 2);
}

}  // namespace
}  // namespace ocrs
