#include "coordinator/io/exports.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "coordinator/core/design.hpp"
#include "coordinator/io/csv.hpp"
#include "coordinator/io/status.hpp"
#include "tests/support/screening_samples.hpp"

namespace ocrs {
namespace {

using test::contents;
using test::sample_done;
using test::sample_record;
using test::TempFolder;

using Row = std::map<std::string, std::string>;

/// RFC 4180, written for this test alone.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows{{""}};
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        rows.back().back() += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        rows.back().back() += text[++i];
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\n') {
      if (i + 1 < text.size()) rows.push_back({""});
    } else {
      rows.back().back() += c;
    }
  }
  return rows;
}

std::vector<Row> rows_of(const std::string& text) {
  const auto cells = parse_csv(text);
  std::vector<Row> rows;
  for (std::size_t i = 1; i < cells.size(); ++i) {
    EXPECT_EQ(cells[i].size(), cells[0].size()) << "row " << i;
    Row row;
    for (std::size_t c = 0; c < cells[i].size() && c < cells[0].size(); ++c) row[cells[0][c]] = cells[i][c];
    rows.push_back(std::move(row));
  }
  return rows;
}

class ExportsTest : public ::testing::Test {
 protected:
  /// Journals the rows in a new folder of that name and writes all files there.
  std::filesystem::path written(const std::string& name, const ScreeningRecord& record,
                                const std::vector<JournalRow>& rows) {
    const OutputFolder folder = OutputFolder::acquire(temp_.path() / name);
    const auto journal = SqliteJournal::create_or_resume(folder, record);
    EXPECT_TRUE(journal->append(rows).ok());
    write_files(folder.paths(), *journal);
    return folder.dir();
  }

  static void write_files(const OutputPaths& paths, SqliteJournal& journal) {
    const auto results = read_results(journal);
    ASSERT_TRUE(results.ok());
    const auto analysis = analysis_of(*results, nullptr);
    ASSERT_TRUE(analysis.ok());
    const Result<void> done = write_all(paths, *results, *analysis);
    ASSERT_TRUE(done.ok()) << done.error().text;
  }

  static std::vector<JournalRow> all_done(std::uint32_t pages, std::int64_t points) {
    std::vector<JournalRow> rows;
    for (std::uint32_t page = 0; page < pages; ++page) {
      for (std::int64_t point = -1; point < points; ++point) rows.emplace_back(sample_done(page, point));
    }
    return rows;
  }

  static nlohmann::json json_of(const std::filesystem::path& file) { return nlohmann::json::parse(contents(file)); }

  TempFolder temp_;
};

TEST_F(ExportsTest, PointsCsvHasTheDocumentedColumnsAndTheUntouchedPageFirst) {
  const ScreeningRecord record = sample_record(3, 16);
  const auto dir = written("out", record, all_done(3, 16));
  const auto cells = parse_csv(contents(dir / "points.csv"));
  ASSERT_EQ(cells.size(), 18U);
  const std::vector<std::string> scores = {"confidence", "words", "characters", "text_yield", "lexicon",    "sharpness",
                                           "contrast",   "cnr",   "cer",        "wer",        "word_recall"};
  std::vector<std::string> expected = {"point"};
  for (const FactorSlot& slot : factor_slots(record.screening.pipeline)) expected.push_back(slot.factor->name);
  expected.insert(expected.end(), {"pages_done", "pages_failed"});
  for (const std::string& score : scores) expected.push_back(score == "contrast" ? "score_contrast" : score);
  for (const std::string& score : scores) expected.push_back("gain_" + score);
  expected.insert(expected.end(), {"gain", "objective", "rank"});
  EXPECT_EQ(cells[0], expected);
  EXPECT_EQ(std::set<std::string>(expected.begin(), expected.end()).size(), expected.size()) << "every name once";
  for (std::size_t i = 1; i < cells.size(); ++i) EXPECT_EQ(cells[i][0], std::to_string(static_cast<int>(i) - 2));
  const std::vector<Row> rows = rows_of(contents(dir / "points.csv"));
  EXPECT_EQ(rows[0].at("resize"), "");
  EXPECT_EQ(rows[0].at("pages_done"), "3");
  EXPECT_EQ(rows[0].at("gain"), "0");
}

TEST_F(ExportsTest, InactiveFactorsHaveEmptyCellsAndActiveOnesReadBackExactly) {
  const ScreeningRecord record = sample_record(1, 32);
  const auto dir = written("out", record, all_done(1, 32));
  const std::vector<Point> points = design_points(record.screening.pipeline, record.screening.design, 0, 32);
  const std::vector<FactorSlot> slots = factor_slots(record.screening.pipeline);
  const std::vector<Row> rows = rows_of(contents(dir / "points.csv"));
  int off = 0;
  int on = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Row& row = rows[i + 1];
    ++(row.at("resize") == "off" ? off : on);
    EXPECT_EQ(row.at("scale").empty(), row.at("resize") == "off");
    EXPECT_EQ(row.at("sauvola_k").empty(), row.at("binarise") != "sauvola");
    for (std::size_t f = 0; f < slots.size(); ++f) {
      const std::string& cell = row.at(slots[f].factor->name);
      if (const auto* real = std::get_if<double>(&points[i].values[f])) {
        EXPECT_EQ(std::stod(cell), *real);
      }
    }
  }
  EXPECT_GT(off, 0);
  EXPECT_GT(on, 0);
}

TEST_F(ExportsTest, MeansRanksAndObjectiveCanBeRecomputedFromEvaluationsCsv) {
  const auto dir = written("out", sample_record(3, 16), all_done(3, 16));
  std::map<std::string, std::vector<double>> cer;
  std::map<std::string, std::vector<double>> confidence;
  for (const Row& row : rows_of(contents(dir / "evaluations.csv"))) {
    cer[row.at("point")].push_back(std::stod(row.at("cer")));
    confidence[row.at("point")].push_back(std::stod(row.at("confidence")));
  }
  const std::vector<Row> points = rows_of(contents(dir / "points.csv"));
  for (const Row& row : points) {
    const auto mean = [](const std::vector<double>& v) { return (v.at(0) + v.at(1) + v.at(2)) / 3; };
    EXPECT_DOUBLE_EQ(std::stod(row.at("cer")), mean(cer[row.at("point")]));
    EXPECT_DOUBLE_EQ(std::stod(row.at("confidence")), mean(confidence[row.at("point")]));
    EXPECT_NEAR(std::stod(row.at("objective")), 1 - mean(cer[row.at("point")]), 1e-12);
    EXPECT_NEAR(std::stod(row.at("gain_cer")), mean(cer[row.at("point")]) - mean(cer["-1"]), 1e-12);
    int better = 0;
    for (const Row& other : points) better += std::stod(other.at("objective")) > std::stod(row.at("objective"));
    EXPECT_EQ(row.at("rank"), std::to_string(better + 1));
  }
}

TEST_F(ExportsTest, FilesAreTheSameBytesWhateverTheOrderOfArrivalTheWorkerAndTheLocale) {
  std::vector<JournalRow> rows = all_done(4, 32);
  std::get<FinalRow>(rows[7]) = test::sample_end(
      0, 6, EvaluationStatus::failed, {FailureKind::crashed, "recognise", "signal 11 on host-b after 3 s", ""});
  const auto first = written("first", sample_record(4, 32), rows);
  std::mt19937 random(3);
  std::shuffle(rows.begin(), rows.end(), random);
  for (JournalRow& row : rows) {
    FinalRow& moved = std::get<FinalRow>(row);
    moved.worker = "host-z/0";
    moved.result.attempt.value += 1;
    moved.result.cost.elapsed_ms *= 3;
    moved.result.backend = "gpu";
    moved.time_ms += 86'400'000;
    if (moved.result.failure) moved.result.failure->text = "signal 6 on host-z after 5 s";
  }
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  const auto second = written("second", sample_record(4, 32), rows);
  std::setlocale(LC_ALL, "C");
  EXPECT_EQ(contents(first / "points.csv"), contents(second / "points.csv"));
  EXPECT_EQ(contents(first / "best.yaml"), contents(second / "best.yaml"));
  auto a = parse_csv(contents(first / "evaluations.csv"));
  auto b = parse_csv(contents(second / "evaluations.csv"));
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(std::equal(a[i].begin(), a[i].end() - 4, b[i].begin())) << "row " << i;
  }
}

TEST_F(ExportsTest, EvaluationsCsvIsSortedByPointThenPageAndNamesEveryColumn) {
  Screening screening = test::sample_screening(0, 4);
  screening.pages = {test::sample_page("Z.png"), test::sample_page("a.png"), test::sample_page("é.png")};
  const auto dir = written("out", new_record(screening, {}, 0), all_done(3, 4));
  const auto cells = parse_csv(contents(dir / "evaluations.csv"));
  const std::vector<std::string> expected = {"point",    "page",       "status",     "reason",    "confidence",
                                             "words",    "characters", "text_yield", "lexicon",   "sharpness",
                                             "contrast", "cnr",        "cer",        "wer",       "word_recall",
                                             "worker",   "backend",    "attempt",    "elapsed_ms"};
  EXPECT_EQ(cells[0], expected);
  ASSERT_EQ(cells.size(), 1U + 5 * 3);
  EXPECT_EQ(cells[1][0], "-1");
  EXPECT_EQ(cells[1][1], "Z.png");
  EXPECT_EQ(cells[2][1], "a.png");
  EXPECT_EQ(cells[3][1], "é.png");
  EXPECT_EQ(cells[4][0], "0");
}

TEST_F(ExportsTest, PagesOfEqualBytesAreReportedUnderEveryNameAndWeighedOnce) {
  Screening screening = test::sample_screening(2, 4);
  screening.pages[0].names = {"page_00.png", "zz/copy.png"};
  const auto dir = written("out", new_record(screening, {}, 0), all_done(2, 4));
  const std::vector<Row> rows = rows_of(contents(dir / "evaluations.csv"));
  ASSERT_EQ(rows.size(), 5U * 3);
  EXPECT_EQ(rows[0].at("page"), "page_00.png");
  EXPECT_EQ(rows[1].at("page"), "page_01.png");
  EXPECT_EQ(rows[2].at("page"), "zz/copy.png");
  EXPECT_EQ(rows[0].at("cer"), rows[2].at("cer"));
  const Row untouched = rows_of(contents(dir / "points.csv")).front();
  EXPECT_EQ(untouched.at("pages_done"), "2");
  EXPECT_DOUBLE_EQ(std::stod(untouched.at("cer")), (std::stod(rows[0].at("cer")) + std::stod(rows[1].at("cer"))) / 2);
  const auto manifest = json_of(dir / "manifest.json");
  EXPECT_EQ(manifest["evaluations"]["total"], 10);
  EXPECT_EQ(manifest["pages"][0]["names"].size(), 2U);
}

TEST_F(ExportsTest, NamesThatAreNotUtf8KeepTheirBytesInCsvAndStayReadableInJson) {
  Screening screening = test::sample_screening(0, 2);
  screening.title = "caf\xe9";
  screening.pages = {test::sample_page("caf\xe9.png"), test::sample_page("caf\xea.png")};
  const auto dir = written("out", new_record(screening, {}, 0), all_done(2, 2));
  const std::vector<Row> rows = rows_of(contents(dir / "evaluations.csv"));
  EXPECT_EQ(rows[0].at("page"), "caf\xe9.png");
  EXPECT_EQ(rows[1].at("page"), "caf\xea.png");
  EXPECT_EQ(json_of(dir / "manifest.json")["pages"][0]["name"], "caf\xef\xbf\xbd.png");
  EXPECT_EQ(YAML::Load(contents(dir / "best.yaml"))["screening"].as<std::string>(), "caf\xef\xbf\xbd");
}

TEST_F(ExportsTest, TextThatASpreadsheetWouldRunIsDefused) {
  Screening screening = test::sample_screening(0, 2);
  for (const char* name : {"=HYPERLINK(\"http://x\",\"y\").png", "+1.png", "-1.png", "@x.png", "a,\"b\"\nc.png"}) {
    screening.pages.push_back(test::sample_page(name));
  }
  std::sort(screening.pages.begin(), screening.pages.end(),
            [](const Page& a, const Page& b) { return a.names < b.names; });
  const auto dir = written("out", new_record(screening, {}, 0), all_done(5, 2));
  const std::vector<Row> rows = rows_of(contents(dir / "evaluations.csv"));
  std::set<std::string> pages;
  for (const Row& row : rows) pages.insert(row.at("page"));
  EXPECT_EQ(pages, (std::set<std::string>{"'=HYPERLINK(\"http://x\",\"y\").png", "'+1.png", "'-1.png", "'@x.png",
                                          "a,\"b\"\nc.png"}));
  EXPECT_EQ(rows[0].at("point"), "-1") << "numbers stay numbers";
}

TEST_F(ExportsTest, FailedEvaluationsShowWhatTheyCountAndMissingOnesNothing) {
  std::vector<JournalRow> rows = all_done(2, 4);
  std::get<FinalRow>(rows[1]) =
      test::sample_end(0, 0, EvaluationStatus::failed, {FailureKind::components, "recognise", "300000 > 200000", ""});
  std::get<FinalRow>(rows[2]) =
      test::sample_end(0, 1, EvaluationStatus::missing, {FailureKind::engine, "", "no worker has fra.traineddata", ""});
  rows.erase(rows.begin() + 3);
  const auto dir = written("out", sample_record(2, 4), rows);
  const std::vector<Row> evaluations = rows_of(contents(dir / "evaluations.csv"));
  const auto find = [&](const std::string& point) {
    return *std::find_if(evaluations.begin(), evaluations.end(),
                         [&](const Row& row) { return row.at("point") == point && row.at("page") == "page_00.png"; });
  };
  EXPECT_EQ(find("0").at("status"), "failed");
  EXPECT_EQ(find("0").at("reason"), "components in recognise: 300000 > 200000");
  EXPECT_EQ(find("0").at("confidence"), "0");
  EXPECT_EQ(find("0").at("cer"), "1");
  EXPECT_EQ(find("0").at("sharpness"), "");
  EXPECT_EQ(find("1").at("status"), "missing");
  EXPECT_EQ(find("1").at("reason"), "engine: no worker has fra.traineddata");
  EXPECT_EQ(find("1").at("confidence"), "");
  EXPECT_EQ(find("2").at("status"), "missing");
  EXPECT_EQ(find("2").at("attempt"), "");
  EXPECT_NE(find("2").at("reason").find("not evaluated"), std::string::npos);

  const std::vector<Row> points = rows_of(contents(dir / "points.csv"));
  EXPECT_EQ(points[1].at("pages_failed"), "1");
  EXPECT_NE(points[1].at("rank"), "");
  EXPECT_EQ(points[2].at("rank"), "");
  EXPECT_EQ(points[2].at("objective"), "");
  EXPECT_EQ(points[3].at("pages_done"), "1");
}

TEST_F(ExportsTest, TheManifestAccountsForEveryEvaluation) {
  std::vector<JournalRow> rows = all_done(2, 4);
  std::get<FinalRow>(rows[1]) =
      test::sample_end(0, 0, EvaluationStatus::failed, {FailureKind::crashed, "recognise", "", ""});
  std::get<FinalRow>(rows[2]) =
      test::sample_end(0, 1, EvaluationStatus::missing, {FailureKind::engine, "", "no model", ""});
  std::get<FinalRow>(rows[3]) =
      test::sample_end(0, 2, EvaluationStatus::dropped, {FailureKind::crashed, "decode", "c", ""});
  const ScreeningRecord record = sample_record(2, 4);
  const auto dir = written("out", record, rows);
  const auto manifest = json_of(dir / "manifest.json");
  EXPECT_EQ(manifest["run_id"], to_hex(record.run));
  EXPECT_EQ(manifest["state"], "complete");
  const auto& counts = manifest["evaluations"];
  EXPECT_EQ(counts["total"], 10);
  EXPECT_EQ(counts["done"], 7);
  EXPECT_EQ(counts["failed"], 1);
  EXPECT_EQ(counts["missing"], 1);
  EXPECT_EQ(counts["dropped"], 1) << "on purpose: it is not missing";
  // Done: page 0 points -1, 3; page 1 points -1 to 3. Those of points 0 and 3 share a reading in the samples.
  EXPECT_EQ(counts["merged"], 3);
  EXPECT_EQ(manifest["recognitions"], 4);
  EXPECT_EQ(manifest["stage_runs"]["scale"], 7);
  EXPECT_EQ(manifest["stage_runs"]["denoise"], 7);
  EXPECT_EQ(manifest["stage_runs"]["smooth"], 0);
  ASSERT_EQ(manifest["missing"].size(), 1U);
  EXPECT_EQ(manifest["missing"][0]["point"], 1);
  EXPECT_EQ(manifest["missing"][0]["page"], "page_00.png");
  EXPECT_EQ(manifest["missing"][0]["reason"], "engine: no model");
  EXPECT_EQ(manifest["engine"]["tesseract"], "5.3.0");
  EXPECT_EQ(manifest["engine"]["models"]["eng"], to_hex(record.screening.models[0].hash));
  EXPECT_EQ(manifest["pages"][1]["dpi"], 240.5);
  EXPECT_EQ(manifest["pages"][1]["dpi_source"], "estimated");
  EXPECT_EQ(manifest["versions"]["protocol"], "1.0");
  EXPECT_EQ(manifest["versions"]["schema"], 1);
  EXPECT_EQ(manifest["score_version"], score_version);
  EXPECT_EQ(manifest["objective"]["name"], "cer");
}

TEST_F(ExportsTest, WhatIsNotEvaluatedIsMissingInTheManifestAndPendingInTheStatus) {
  const OutputFolder folder = OutputFolder::acquire(temp_.path() / "out");
  const auto journal = SqliteJournal::create_or_resume(folder, sample_record(2, 4));
  ASSERT_TRUE(journal->append({sample_done(0, -1), sample_done(1, 2)}).ok());
  ASSERT_TRUE(journal->set("manifest.gpus", R"([{"name": "pocl"}])").ok());
  const auto results = results_of_folder(folder.dir());
  ASSERT_TRUE(results.ok());
  const auto manifest = nlohmann::json::parse(manifest_json(*results));
  const auto status = nlohmann::json::parse(status_json(*results));
  EXPECT_EQ(manifest["state"], "incomplete");
  EXPECT_EQ(manifest["evaluations"]["missing"], 8);
  EXPECT_EQ(manifest["missing"].size(), 8U);
  EXPECT_EQ(manifest["missing"][0]["point"], -1);
  EXPECT_EQ(manifest["missing"][0]["page"], "page_01.png");
  EXPECT_EQ(status["evaluations"]["missing"], 0);
  EXPECT_EQ(status["evaluations"]["pending"], 8);
  EXPECT_TRUE(status["missing"].empty());
  EXPECT_EQ(manifest["gpus"][0]["name"], "pocl");
  for (const auto& [key, value] : manifest.items()) EXPECT_TRUE(status.contains(key)) << key;
  const std::string text = status_text(*results);
  EXPECT_NE(text.find("2 of 10 evaluations (20.0 %): 2 done, 0 failed, 0 missing"), std::string::npos) << text;
  EXPECT_NE(text.find("no point has all its pages yet"), std::string::npos) << text;
}

TEST_F(ExportsTest, BestYamlHoldsTheSettingAsAConfigurationWould) {
  const ScreeningRecord record = sample_record(2, 16);
  const auto dir = written("out", record, all_done(2, 16));
  const YAML::Node best = YAML::Load(contents(dir / "best.yaml"));
  std::string winner;
  for (const Row& row : rows_of(contents(dir / "points.csv"))) {
    if (row.at("rank") != "1" || !winner.empty()) continue;
    winner = row.at("point");
    EXPECT_EQ(best["objective"]["value"].as<double>(), std::stod(row.at("objective")));
    EXPECT_EQ(best["objective"]["gain"].as<double>(), std::stod(row.at("gain")));
    for (const FactorSlot& slot : factor_slots(record.screening.pipeline)) {
      const std::string& name = slot.factor->name;
      ASSERT_EQ(best["factors"][name].IsDefined(), !row.at(name).empty()) << name;
      if (row.at(name).empty()) continue;
      if (slot.factor->kind == FactorKind::choice) {
        EXPECT_EQ(best["factors"][name].as<std::string>(), row.at(name));
        EXPECT_EQ(best["factors"][name].Tag(), "!") << "quoted, so that no reader takes off for false";
      } else {
        EXPECT_EQ(best["factors"][name].as<double>(), std::stod(row.at(name)));
      }
    }
  }
  ASSERT_NE(winner, "");
  ASSERT_NE(winner, "-1");
  EXPECT_EQ(best["point"].as<std::string>(), winner);
  EXPECT_EQ(best["run_id"].as<std::string>(), to_hex(record.run));
  EXPECT_EQ(best["screening"].as<std::string>(), record.screening.title);
  EXPECT_FALSE(best["untouched"].as<bool>());
  EXPECT_EQ(best["pipeline"].as<std::string>(), "open");
  EXPECT_EQ(best["ocr"]["psm"].as<int>(), 6);
}

TEST_F(ExportsTest, BestYamlListsTheStagesOfAPipelineOfTheConfigurationsOwn) {
  Screening screening = test::sample_screening(1, 4);
  screening.pipeline = {"custom", {*find_stage("standard.denoise"), *find_stage("open.binarise")}, 0};
  const auto dir = written("out", new_record(screening, {}, 0), all_done(1, 4));
  const YAML::Node best = YAML::Load(contents(dir / "best.yaml"));
  EXPECT_EQ(best["pipeline"].as<std::vector<std::string>>(),
            (std::vector<std::string>{"standard.denoise", "open.binarise"}));
}

TEST_F(ExportsTest, BestYamlSaysPlainlyThatTheUntouchedPageWins) {
  std::vector<JournalRow> rows = all_done(2, 4);
  for (JournalRow& row : rows) {
    FinalRow& one = std::get<FinalRow>(row);
    if (one.result.id.point == baseline_point) one.result.scores.cer = 0;
  }
  const auto dir = written("out", sample_record(2, 4), rows);
  const std::string text = contents(dir / "best.yaml");
  const YAML::Node best = YAML::Load(text);
  EXPECT_EQ(best["point"].as<int>(), -1);
  EXPECT_TRUE(best["untouched"].as<bool>());
  EXPECT_EQ(best["factors"].size(), 0U);
  EXPECT_NE(text.find("the untouched page reads best"), std::string::npos);
}

TEST_F(ExportsTest, BestYamlOfNothingSaysThatThereIsNone) {
  const auto dir = written("out", sample_record(2, 4), {});
  const YAML::Node best = YAML::Load(contents(dir / "best.yaml"));
  EXPECT_TRUE(best["point"].IsNull());
  EXPECT_TRUE(best["objective"]["value"].IsNull());
}

TEST_F(ExportsTest, ExportJsonHasPointsWithRanksAndEveryEvaluation) {
  const auto dir = written("out", sample_record(2, 4), all_done(2, 4));
  const auto results = results_of_folder(dir);
  ASSERT_TRUE(results.ok());
  const auto json = nlohmann::json::parse(export_json(*results));
  ASSERT_EQ(json["points"].size(), 5U);
  EXPECT_EQ(json["points"][0]["point"], -1);
  EXPECT_TRUE(json["points"][0]["factors"].empty());
  EXPECT_TRUE(json["points"][3]["factors"].contains("resize"));
  EXPECT_EQ(json["results"].size(), 10U);
  EXPECT_EQ(json["results"][9]["scores"]["cer"], *sample_done(1, 3).result.scores.cer);
  EXPECT_EQ(json["factors"][0]["kind"], "choice");
}

TEST_F(ExportsTest, AnExtendedScreeningKeepsTheRowsOfItsFormerPoints) {
  const auto small = written("small", sample_record(2, 8), all_done(2, 8));
  const auto large = written("large", sample_record(2, 16), all_done(2, 16));
  const auto a = parse_csv(contents(small / "points.csv"));
  const auto b = parse_csv(contents(large / "points.csv"));
  const std::size_t factors = factor_slots(*find_pipeline("open")).size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(std::equal(a[i].begin(), a[i].begin() + static_cast<std::ptrdiff_t>(1 + factors), b[i].begin()));
  }
}

TEST_F(ExportsTest, ThePortfolioHasItsSettingsAsBestYamlHasThemAndSaysWhatTheyGain) {
  // Point 0 reads even pages well and odd ones badly, point 1 the other way round.
  std::vector<JournalRow> rows = all_done(6, 4);
  for (JournalRow& row : rows) {
    auto& final_row = std::get<FinalRow>(row);
    const EvaluationId id = final_row.result.id;
    const bool helps = id.point.value == std::int64_t{id.page.value % 2};
    final_row.result.scores.cer = id.point == baseline_point ? 0.3 : helps ? 0.1 : 0.6;
    final_row.result.scores.confidence = 100 - 100 * *final_row.result.scores.cer;
    final_row.result.scores.characters = 500;
  }
  const auto dir = written("out", sample_record(6, 4), rows);
  const YAML::Node yaml = YAML::LoadFile(dir / "portfolio.yaml");
  const YAML::Node best = YAML::LoadFile(dir / "best.yaml");
  EXPECT_EQ(yaml["run_id"].as<std::string>(), best["run_id"].as<std::string>());
  EXPECT_EQ(yaml["keep"].as<std::string>(), "tolerant_yield");
  EXPECT_NEAR(yaml["objective"]["untouched"].as<double>(), 0.7, 1e-12);
  EXPECT_NEAR(yaml["objective"]["optimum"].as<double>(), 0.9, 1e-12);
  for (const char* key : {"ocr", "engine", "models", "pipeline"}) {
    EXPECT_EQ(YAML::Dump(yaml[key]), YAML::Dump(best[key])) << key;
  }
  const auto points = rows_of(contents(dir / "points.csv"));
  std::set<int> settings;
  for (const YAML::Node& setting : yaml["settings"]) {
    const int point = setting["point"].as<int>();
    settings.insert(point);
    EXPECT_EQ(setting["untouched"].as<bool>(), point == -1);
    if (point == -1) {
      EXPECT_EQ(setting["factors"].size(), 0U);
    }
    for (const auto& factor : setting["factors"]) {
      EXPECT_EQ(factor.second.as<std::string>(),
                points.at(static_cast<std::size_t>(point + 1)).at(factor.first.as<std::string>()));
    }
  }
  EXPECT_TRUE(settings.contains(0));
  EXPECT_TRUE(settings.contains(1));
  const YAML::Node last = yaml["curve"][yaml["settings"].size() - 1];
  EXPECT_NEAR(last["left_out"].as<double>(), 0.9, 1e-12);
  EXPECT_NEAR(last["closed"].as<double>(), 1, 1e-9);
  EXPECT_NEAR(last["left_out_cer"].as<double>(), 0.1, 1e-12);
}

TEST_F(ExportsTest, APortfolioThatOnlyFitsItsOwnPagesIsTheUntouchedPage) {
  std::vector<JournalRow> rows = all_done(4, 2);
  for (JournalRow& row : rows) {
    auto& final_row = std::get<FinalRow>(row);
    final_row.result.scores.cer = final_row.result.id.point == baseline_point ? 0.2 : 0.4;
  }
  const auto dir = written("out", sample_record(4, 2), rows);
  const YAML::Node settings = YAML::LoadFile(dir / "portfolio.yaml")["settings"];
  ASSERT_EQ(settings.size(), 1U);
  EXPECT_EQ(settings[0]["point"].as<int>(), -1);
  EXPECT_TRUE(settings[0]["untouched"].as<bool>());
}

TEST_F(ExportsTest, AWholeNightIsWrittenInSeconds) {
  const OutputFolder folder = OutputFolder::acquire(temp_.path() / "out");
  const auto journal = SqliteJournal::create_or_resume(folder, sample_record(24, 2048));
  ASSERT_TRUE(journal->append(all_done(24, 2048)).ok());
  const auto start = std::chrono::steady_clock::now();
  write_files(folder.paths(), *journal);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("2048 points on 24 pages analysed and written in %.3f s\n", seconds.count());
  EXPECT_LT(seconds.count(), 20) << "a machine under load is forgiven much";
  EXPECT_EQ(rows_of(contents(folder.paths().points_csv())).size(), 2049U);
}

TEST(CsvText, QuotesAndDefusesAfterTheStandard) {
  CsvText csv;
  csv.text("plain").text("a,b").text("say \"x\"").text("two\nlines").text("=1+1").text("-\"a\"").empty().end_row();
  csv.number(std::int64_t{-5}).number(0.1).number(-2.5).number(std::nullopt).end_row();
  EXPECT_EQ(csv.rows(),
            "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",'=1+1,\"'-\"\"a\"\"\",\n"
            "-5,0.1,-2.5,\n");
}

}  // namespace
}  // namespace ocrs
