// best.yaml and portfolio.yaml as `apply` reads them.
#include "coordinator/io/setting_file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/core/pipeline_spec.hpp"
#include "coordinator/core/design.hpp"
#include "coordinator/io/exports.hpp"
#include "coordinator/io/sqlite_journal.hpp"
#include "coordinator/io/status.hpp"
#include "tests/support/scratch_dir.hpp"
#include "tests/support/screening_samples.hpp"

namespace ocrs {
namespace {

std::string errors_of(const std::string& text) {
  try {
    static_cast<void>(parse_setting_file(text, "best.yaml"));
  } catch (const StartupError& error) {
    return error.what();
  }
  return {};
}

void expect_error(const std::string& text, const std::vector<std::string>& parts) {
  const std::string told = errors_of(text);
  for (const std::string& part : parts) EXPECT_NE(told.find(part), std::string::npos) << part << "\nin: " << told;
}

const FactorValue& value_of(const Setting& setting, const std::string& factor) {
  for (std::size_t i = 0; i < setting.factors.size(); ++i) {
    if (setting.factors[i].name == factor) return setting.point.values.at(i);
  }
  throw std::runtime_error("no factor " + factor);
}

const std::string own_stages =
    "pipeline: [open.scale, open.binarise]\n"
    "ocr: {languages: fra+eng, psm: 4, oem: 1, width_max: 1800, invert: false}\n";

TEST(SettingFile, HoldsWhatTheFileSays) {
  const SettingFile file = parse_setting_file("ocrscreen: best\npoint: 17\nuntouched: false\n" + own_stages +
                                                  "limits: {max_pixels: 1000000, components: 500, deadline_s: 60}\n"
                                                  "units: {bin_block: px}\nengine: {tesseract: 5.3.0}\n"
                                                  "models: {eng: abc}\nfactors:\n  resize: \"off\"\n"
                                                  "  binarise: adaptive\n  bin_block: 31\n  bin_c: 12.5\n",
                                              "best.yaml");
  ASSERT_EQ(file.settings.size(), 1U);
  const Setting& setting = file.settings.front();
  EXPECT_EQ(setting.point.index, PointIndex{17});
  EXPECT_EQ(setting.stages, (std::vector<std::string>{"open.scale", "open.binarise"}));
  EXPECT_EQ(setting.languages, "fra+eng");
  EXPECT_EQ(setting.psm, 4);
  EXPECT_EQ(setting.engine, (EngineOptions{1, 1800, false}));
  EXPECT_EQ(setting.limits, (EvaluationLimits{1000000, 500, 60}));
  EXPECT_EQ(value_of(setting, "resize"), FactorValue(std::string("off")));
  EXPECT_EQ(value_of(setting, "bin_block"), FactorValue(std::int64_t{31}));
  EXPECT_EQ(value_of(setting, "bin_c"), FactorValue(12.5));
  EXPECT_EQ(value_of(setting, "scale"), FactorValue()) << "its stage is off";
  for (const FactorRef& factor : setting.factors) {
    if (factor.name == "bin_block") {
      EXPECT_EQ(factor.unit, FactorUnit::px) << "not the pipeline's px300";
    }
  }
  EXPECT_EQ(file.engine->tesseract, "5.3.0");
  EXPECT_EQ(file.models.at("eng"), "abc");
}

TEST(SettingFile, TheUntouchedPageIsASettingToo) {
  const SettingFile file = parse_setting_file("point: -1\nuntouched: true\n" + own_stages + "factors: {}\n", "b");
  EXPECT_EQ(file.settings.front().point, (Point{baseline_point, {}}));
  expect_error("point: -1\nfactors:\n  resize: off\n", {"b", ":3: ", "no factors"});
  expect_error("point: 5\nuntouched: true\n", {":2: ", "beside point 5"});
}

TEST(SettingFile, EveryMistakeIsToldWithItsLine) {
  expect_error("point: 3\ncolour: red\npipeline: opne\n", {":2: ", "colour", ":3: ", "did you mean 'open'"});
  expect_error("point: 3\n" + own_stages + "factors:\n  resize: sideways\n  binarise: adaptive\n  bin_block: 2.5\n",
               {":5: ", "sideways", ":7: ", "whole number"});
  expect_error("point: 3\n" + own_stages + "factors:\n  resize: on\n  binarise: off\n",
               {"factors.scale", "is missing"});
  expect_error("point: 3\n" + own_stages + "factors: {binarise: off}\n", {"factors.resize", "is missing"});
  expect_error("point: null\n" + own_stages, {":1: ", "no best setting yet"});
  expect_error(own_stages, {"'point'", "is missing"});
  expect_error("point: 3\nocr: {languages: 'eng fra', psm: 2}\nfactors: {}\n", {":2: ", "ocr.languages", "ocr.psm"});
  expect_error("point: 3\nunits: {denoise_h: px}\nfactors: {}\n", {":2: ", "units.denoise_h"});
  expect_error("ocrscreen: portfolio\npoint: -1\n", {":1: ", "no list 'settings'"});
  expect_error("ocrscreen: best\nsettings:\n  - {point: -1}\n", {":1: ", "a list 'settings'"});
  expect_error("[1, 2]", {"best.yaml:1", "a list"});
}

TEST(SettingFile, APortfolioKeepsItsOrder) {
  const SettingFile file =
      parse_setting_file("ocrscreen: portfolio\n" + own_stages +
                             "settings:\n"
                             "  - point: 9\n    factors: {resize: off, binarise: otsu}\n"
                             "  - point: -1\n    untouched: true\n    factors: {}\n"
                             "  - point: 4\n    ocr: {psm: 6}\n    factors: {resize: on, scale: 1.5, binarise: off}\n",
                         "portfolio.yaml");
  ASSERT_EQ(file.settings.size(), 3U);
  EXPECT_EQ(file.settings[0].point.index, PointIndex{9});
  EXPECT_EQ(file.settings[1].point, (Point{baseline_point, {}}));
  EXPECT_EQ(file.settings[2].psm, 6) << "its own";
  EXPECT_EQ(file.settings[2].languages, "fra+eng") << "of all";
  EXPECT_EQ(value_of(file.settings[2], "scale"), FactorValue(1.5));
  expect_error("settings:\n  - point: -1\n  - point: -1\n", {":3: ", "twice"});
  expect_error("settings: []\n", {"empty list"});
}

/// A screening whose best point is known, written as best.yaml and read again.
Setting best_of(const Screening& screening, std::int64_t winner) {
  const test::ScratchDir scratch;
  const OutputFolder folder = OutputFolder::acquire(scratch.path() / "out");
  const auto journal = SqliteJournal::create_or_resume(folder, new_record(screening, {}, 0));
  std::vector<JournalRow> rows;
  for (std::uint32_t page = 0; page < screening.pages.size(); ++page) {
    for (std::int64_t point = -1; point < static_cast<std::int64_t>(screening.design.points); ++point) {
      FinalRow row = test::sample_done(page, point);
      row.result.scores.cer = point == winner ? 0.0 : 0.5;
      rows.emplace_back(std::move(row));
    }
  }
  EXPECT_TRUE(journal->append(rows).ok());
  const auto results = results_of_folder(folder.dir());
  return parse_setting_file(best_yaml(*results, {}), "best.yaml").settings.at(0);
}

TEST(SettingFile, GivesBackEveryPointThatBestYamlCanHold) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    Screening screening = test::sample_screening(1, 16);
    screening.pipeline = pipeline;
    screening.limits = {7'000'000, 1234, 77};
    const auto points = design_points(pipeline, screening.design, 0, 16);
    for (const std::int64_t winner : {-1, 0, 3, 6, 11}) {
      const Setting setting = best_of(screening, winner);
      const Point expected = winner < 0 ? Point{baseline_point, {}} : points[static_cast<std::size_t>(winner)];
      EXPECT_EQ(setting.point, expected) << pipeline.name << " " << winner;
      EXPECT_EQ(setting.limits, screening.limits);
      EXPECT_EQ(setting.engine, screening.engine);
      EXPECT_EQ(setting.languages, screening.pages[0].spec.languages);
      const ScreeningSpec spec = screening_spec(screening, {});
      EXPECT_EQ(setting.stages, spec.stages);
      EXPECT_EQ(setting.factors, spec.factors);
    }
  }
}

TEST(SettingFile, GivesBackAUnitOfTheConfigurationsOwn) {
  Screening screening = test::sample_screening(1, 4);
  screening.pipeline = {"custom", {*find_stage("open.binarise")}, 0};
  for (StageFactor& owned : screening.pipeline.stages[0].factors) {
    if (owned.factor.unit == FactorUnit::px300) owned.factor.unit = FactorUnit::px;
  }
  // Only options with a length, so that every point has one.
  screening.pipeline.stages[0].choice->choices = {{"adaptive", 1}};
  const Setting setting = best_of(screening, 2);
  for (const FactorRef& factor : setting.factors) {
    if (factor.name == "bin_block") {
      EXPECT_EQ(factor.unit, FactorUnit::px);
    }
  }
}

}  // namespace
}  // namespace ocrs
