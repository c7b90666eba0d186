#include "coordinator/core/objective.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

namespace ocrs {
namespace {

StoredEvaluation done(std::uint32_t page, std::int64_t point, double confidence, std::uint32_t characters,
                      std::optional<double> cer = std::nullopt) {
  StoredEvaluation stored;
  stored.result.id = {PageIndex{page}, PointIndex{point}};
  stored.result.scores.confidence = confidence;
  stored.result.scores.characters = characters;
  stored.result.scores.words = characters / 5;
  stored.result.scores.lexicon = 0.5;
  stored.result.scores.sharpness = 100;
  stored.result.scores.contrast = 40;
  stored.result.scores.cnr = 2;
  stored.result.scores.cer = cer;
  if (cer) {
    stored.result.scores.wer = *cer * 2;
    stored.result.scores.word_recall = 1 - *cer / 2;
  }
  return stored;
}

StoredEvaluation ended(std::uint32_t page, std::int64_t point, EvaluationStatus status) {
  StoredEvaluation stored;
  stored.status = status;
  stored.result.id = {PageIndex{page}, PointIndex{point}};
  stored.result.failure = Failure{FailureKind::components, "recognise", "too many", ""};
  // What is left over in the scores of a failure must not count.
  stored.result.scores.confidence = 77;
  stored.result.scores.characters = 4000;
  return stored;
}

Ranking rank(const ScoreTable& table, const Objective& objective) {
  std::vector<bool> ground_truth;
  for (std::uint32_t p = 0; p < table.pages(); ++p) ground_truth.push_back(table.has_ground_truth(PageIndex{p}));
  Result<RankingObjective> chosen = ranking_objective(objective, ground_truth);
  EXPECT_TRUE(chosen.ok());
  return rank_points(table, *chosen);
}

double mean_of(const Ranking& ranking, std::size_t row, Score score) {
  return ranking.points[row].means[index_of(score)].value();
}
double gain_of(const Ranking& ranking, std::size_t row, Score score) {
  return ranking.points[row].gains[index_of(score)].value();
}

TEST(ScoreTable, NamesAreThoseOfTheScoresAndReadBack) {
  for (std::size_t s = 0; s < score_count; ++s) {
    EXPECT_EQ(score_from_name(score_names[s]), static_cast<Score>(s));
  }
  EXPECT_EQ(to_string(Score::word_recall), "word_recall");
  EXPECT_EQ(score_from_name("elapsed_ms"), std::nullopt);
}

TEST(ScoreTable, MedianTakesTheMiddleOrTheMeanOfTheTwoMiddleOnes) {
  EXPECT_EQ(median({}), 0);
  EXPECT_EQ(median({7}), 7);
  EXPECT_EQ(median({9, 1, 5}), 5);
  EXPECT_EQ(median({10, 1, 4, 7}), 5.5);
}

TEST(ScoreTable, TextYieldIsConfidenceTimesCharactersOverThePagesMedianCappedAtOne) {
  // Characters 100, 200, 400, 50: the median of the four is 150.
  const ScoreTable table({false}, 3,
                         {done(0, -1, 80, 100), done(0, 0, 60, 200), done(0, 1, 90, 400), done(0, 2, 50, 50)});
  EXPECT_EQ(table.median_characters(PageIndex{0}), 150);
  const auto yield = [&](std::int64_t point) {
    return *table.cell(PageIndex{0}, PointIndex{point}).scores[index_of(Score::text_yield)];
  };
  EXPECT_DOUBLE_EQ(yield(-1), 80 * 100.0 / 150);
  EXPECT_DOUBLE_EQ(yield(0), 60);
  EXPECT_DOUBLE_EQ(yield(1), 90);
  EXPECT_DOUBLE_EQ(yield(2), 50 / 3.0);
}

TEST(ScoreTable, FailedEvaluationsTakeNoPartInTheMedianOfCharacters) {
  const ScoreTable table({false}, 2,
                         {done(0, -1, 80, 100), ended(0, 0, EvaluationStatus::failed), done(0, 1, 90, 300)});
  EXPECT_EQ(table.median_characters(PageIndex{0}), 200);
}

TEST(ScoreTable, APageOnWhichNothingIsReadYieldsNothing) {
  const ScoreTable table({false}, 1, {done(0, -1, 0, 0), done(0, 0, 0, 0)});
  EXPECT_EQ(table.cell(PageIndex{0}, PointIndex{0}).scores[index_of(Score::text_yield)], 0.0);
}

TEST(ScoreTable, AFailureCountsAsAnEmptyReadingAndHasNoScoresOfItsImage) {
  const ScoreTable table({true, false}, 1,
                         {ended(0, 0, EvaluationStatus::failed), ended(1, 0, EvaluationStatus::failed)});
  const ScoreRow& with = table.cell(PageIndex{0}, PointIndex{0}).scores;
  for (const Score zero :
       {Score::confidence, Score::words, Score::characters, Score::text_yield, Score::lexicon, Score::word_recall}) {
    EXPECT_EQ(with[index_of(zero)], 0.0) << to_string(zero);
  }
  EXPECT_EQ(with[index_of(Score::cer)], 1.0);
  EXPECT_EQ(with[index_of(Score::wer)], 1.0);
  for (const Score none : {Score::sharpness, Score::contrast, Score::cnr}) {
    EXPECT_EQ(with[index_of(none)], std::nullopt) << to_string(none);
  }
  const ScoreRow& without = table.cell(PageIndex{1}, PointIndex{0}).scores;
  EXPECT_EQ(without[index_of(Score::cer)], std::nullopt);
  EXPECT_EQ(without[index_of(Score::word_recall)], std::nullopt);
}

TEST(ScoreTable, TheFirstRecordStandsAndRecordsOutsideOfTheDesignAreLeftOut) {
  const ScoreTable table({false}, 1,
                         {done(0, 0, 10, 5), done(0, 0, 99, 5), done(0, 1, 99, 5000), done(7, 0, 99, 5000)});
  EXPECT_EQ(table.cell(PageIndex{0}, PointIndex{0}).scores[index_of(Score::confidence)], 10.0);
  EXPECT_EQ(table.median_characters(PageIndex{0}), 5);
  EXPECT_EQ(table.cell(PageIndex{0}, baseline_point).status, CellStatus::pending);
}

TEST(ScoreTable, ANumberThatIsNoneIsNoScore) {
  StoredEvaluation odd = done(0, 0, std::numeric_limits<double>::quiet_NaN(), 5);
  odd.result.scores.cnr = std::numeric_limits<double>::infinity();
  const ScoreTable table({false}, 1, {odd});
  const ScoreRow& row = table.cell(PageIndex{0}, PointIndex{0}).scores;
  EXPECT_EQ(row[index_of(Score::confidence)], std::nullopt);
  EXPECT_EQ(row[index_of(Score::text_yield)], std::nullopt);
  EXPECT_EQ(row[index_of(Score::cnr)], std::nullopt);
}

TEST(RankingObjective, IsCerWhenEveryPageHasGroundTruthElseTextYield) {
  EXPECT_EQ(ranking_objective({}, {true, true})->name, "cer");
  EXPECT_EQ(ranking_objective({}, {true, false})->name, "text_yield");
  EXPECT_EQ(ranking_objective({}, {false})->name, "text_yield");
}

TEST(RankingObjective, NamesItsWeightsAndRefusesWhatCannotBeComputed) {
  EXPECT_EQ(ranking_objective({{{"word_recall", 0.25}, {"cer", 0.75}}}, {true})->name, "0.75*cer + 0.25*word_recall");
  EXPECT_EQ(ranking_objective({{{"confidence", 1}}}, {false})->name, "confidence");
  EXPECT_NE(ranking_objective({{{"speed", 1}}}, {true}).error().text.find("\"speed\""), std::string::npos);
  EXPECT_NE(ranking_objective({{{"cer", 1}}}, {false}).error().text.find("ground truth"), std::string::npos);
  EXPECT_FALSE(ranking_objective({{{"lexicon", 0}}}, {true}).ok());
  EXPECT_FALSE(ranking_objective({{{"lexicon", std::numeric_limits<double>::infinity()}}}, {true}).ok());
}

TEST(RankPoints, AveragesOverPagesAndPairsEveryGainWithTheUntouchedPage) {
  // cer by page: untouched 0.2 and 0.4; point 0 reads 0.1 and 0.2; point 1 reads 0.3 and 0.9.
  const ScoreTable table({true, true}, 2,
                         {done(0, -1, 80, 100, 0.2), done(0, 0, 90, 100, 0.1), done(0, 1, 70, 100, 0.3),
                          done(1, -1, 60, 100, 0.4), done(1, 0, 70, 100, 0.2), done(1, 1, 50, 100, 0.9)});
  const Ranking ranking = rank(table, {});
  ASSERT_EQ(ranking.points.size(), 3U);
  EXPECT_EQ(ranking.points[0].point, baseline_point);
  EXPECT_DOUBLE_EQ(mean_of(ranking, 0, Score::cer), 0.3);
  EXPECT_DOUBLE_EQ(mean_of(ranking, 1, Score::cer), 0.15);
  EXPECT_DOUBLE_EQ(mean_of(ranking, 2, Score::cer), 0.6);
  EXPECT_DOUBLE_EQ(gain_of(ranking, 1, Score::cer), -0.15);
  EXPECT_DOUBLE_EQ(gain_of(ranking, 1, Score::confidence), 10);
  EXPECT_NEAR(gain_of(ranking, 2, Score::word_recall), -0.15, 1e-12);
  EXPECT_EQ(gain_of(ranking, 0, Score::cer), 0);
  EXPECT_DOUBLE_EQ(*ranking.points[1].objective, 0.85);
  EXPECT_NEAR(*ranking.points[1].gain, 0.15, 1e-12);
  EXPECT_NEAR(*ranking.points[2].gain, -0.3, 1e-12);
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{1, 0, 2}));
  EXPECT_EQ(ranking.best()->point, PointIndex{0});
  EXPECT_EQ(ranking.points[0].rank, 2U);
}

TEST(RankPoints, CapsEachPagesCerAtOneInTheObjectiveAlone) {
  const ScoreTable table(
      {true, true}, 1, {done(0, -1, 1, 9, 0.0), done(1, -1, 1, 9, 0.5), done(0, 0, 1, 9, 3.0), done(1, 0, 1, 9, 0.5)});
  const Ranking ranking = rank(table, {});
  EXPECT_DOUBLE_EQ(mean_of(ranking, 1, Score::cer), 1.75);
  EXPECT_DOUBLE_EQ(*ranking.points[1].objective, (0.0 + 0.5) / 2);
}

TEST(RankPoints, EqualObjectivesShareARankAndTheSmallerPointComesFirst) {
  const ScoreTable table({true}, 4,
                         {done(0, -1, 1, 9, 0.25), done(0, 0, 1, 9, 0.5), done(0, 1, 1, 9, 0.125),
                          done(0, 2, 1, 9, 0.25), done(0, 3, 1, 9, 0.5)});
  const Ranking ranking = rank(table, {});
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{2, 0, 3, 1, 4}));
  std::vector<std::uint32_t> ranks;
  for (const PointScores& row : ranking.points) ranks.push_back(row.rank.value_or(0));
  EXPECT_EQ(ranks, (std::vector<std::uint32_t>{2, 4, 1, 2, 4}));
}

TEST(RankPoints, TheUntouchedPageWinsAgainstItsEquals) {
  const ScoreTable table({true}, 1, {done(0, -1, 1, 9, 0.25), done(0, 0, 1, 9, 0.25)});
  EXPECT_EQ(rank(table, {}).best()->point, baseline_point);
}

TEST(RankPoints, APointWithAMissingPageHasNoRankButKeepsTheMeansOfItsOtherPages) {
  const ScoreTable table(
      {true, true}, 3,
      {done(0, -1, 1, 9, 0.5), done(1, -1, 1, 9, 0.5), done(0, 0, 1, 9, 0.0), ended(1, 0, EvaluationStatus::missing),
       done(0, 1, 1, 9, 0.0), ended(1, 1, EvaluationStatus::dropped), done(0, 2, 1, 9, 0.0)});
  const Ranking ranking = rank(table, {});
  for (const std::size_t row : {1U, 2U, 3U}) {
    EXPECT_EQ(ranking.points[row].rank, std::nullopt);
    EXPECT_EQ(ranking.points[row].objective, std::nullopt);
    EXPECT_EQ(ranking.points[row].gain, std::nullopt);
    EXPECT_EQ(ranking.points[row].pages_done, 1U);
    EXPECT_EQ(ranking.points[row].pages_missing, row == 2 ? 0U : 1U);
    EXPECT_EQ(ranking.points[row].pages_dropped, row == 2 ? 1U : 0U);
    EXPECT_EQ(mean_of(ranking, row, Score::cer), 0);
    EXPECT_DOUBLE_EQ(gain_of(ranking, row, Score::cer), -0.5);
  }
  EXPECT_EQ(ranking.order, (std::vector<std::size_t>{0}));
}

TEST(RankPoints, AFailedPageIsCountedAndPullsThePointDown) {
  const ScoreTable table({true, true}, 1,
                         {done(0, -1, 80, 9, 0.5), done(1, -1, 80, 9, 0.5), done(0, 0, 90, 9, 0.0),
                          ended(1, 0, EvaluationStatus::failed)});
  const Ranking ranking = rank(table, {});
  EXPECT_EQ(ranking.points[1].pages_failed, 1U);
  EXPECT_DOUBLE_EQ(*ranking.points[1].objective, 0.5);
  EXPECT_DOUBLE_EQ(mean_of(ranking, 1, Score::confidence), 45);
  EXPECT_DOUBLE_EQ(gain_of(ranking, 1, Score::confidence), (10.0 - 80.0) / 2);
  EXPECT_DOUBLE_EQ(mean_of(ranking, 1, Score::sharpness), 100) << "of the page that has one";
}

TEST(RankPoints, AFailedPageDoesNotEscapeAnObjectiveOfImageScores) {
  const ScoreTable table(
      {false, false}, 1,
      {done(0, -1, 1, 9), done(1, -1, 1, 9), done(0, 0, 1, 9), ended(1, 0, EvaluationStatus::failed)});
  const Ranking ranking = rank(table, {{{"sharpness", 1}}});
  EXPECT_DOUBLE_EQ(*ranking.points[0].objective, 100);
  EXPECT_DOUBLE_EQ(*ranking.points[1].objective, 50);
}

TEST(RankPoints, AScoreIsAveragedOverThePagesThatHaveIt) {
  StoredEvaluation flat = done(1, 0, 1, 9);
  flat.result.scores.cnr = std::nullopt;
  const ScoreTable table({true, false}, 1, {done(0, -1, 1, 9, 0.5), done(1, -1, 1, 9), done(0, 0, 1, 9, 0.25), flat});
  const Ranking ranking = rank(table, {{{"cer", 1}}});
  EXPECT_DOUBLE_EQ(mean_of(ranking, 1, Score::cer), 0.25);
  EXPECT_DOUBLE_EQ(mean_of(ranking, 1, Score::cnr), 2);
  EXPECT_DOUBLE_EQ(gain_of(ranking, 1, Score::cnr), 0) << "paired on the page where both have one";
  EXPECT_DOUBLE_EQ(*ranking.points[1].objective, 0.75);
}

TEST(RankPoints, WithoutTheUntouchedPageThereAreRanksButNoGains) {
  const ScoreTable table({true}, 1, {done(0, 0, 1, 9, 0.25)});
  const Ranking ranking = rank(table, {});
  EXPECT_EQ(ranking.points[1].rank, 1U);
  EXPECT_EQ(ranking.points[1].gain, std::nullopt);
  EXPECT_EQ(ranking.points[1].gains[index_of(Score::cer)], std::nullopt);
}

TEST(RankPoints, AnObjectiveOfSeveralScoresIsTheirWeightedSum) {
  const ScoreTable table({true}, 1, {done(0, -1, 60, 9, 0.5), done(0, 0, 80, 9, 0.25)});
  const Ranking ranking = rank(table, {{{"cer", 2}, {"confidence", 0.01}}});
  EXPECT_DOUBLE_EQ(*ranking.points[1].objective, 2 * 0.75 + 0.8);
}

TEST(RankPoints, NothingEvaluatedGivesNoBest) {
  const ScoreTable table({true}, 2, {});
  const Ranking ranking = rank(table, {});
  EXPECT_EQ(ranking.best(), nullptr);
  EXPECT_EQ(ranking.points.size(), 3U);
}

TEST(RankPoints, GivesTheSameBitsWhateverTheOrderOfArrival) {
  std::mt19937 random(7);
  std::vector<StoredEvaluation> evaluations;
  std::uniform_real_distribution<double> any(0, 1);
  for (std::uint32_t page = 0; page < 13; ++page) {
    for (std::int64_t point = -1; point < 40; ++point) {
      evaluations.push_back(
          done(page, point, 100 * any(random), static_cast<std::uint32_t>(900 * any(random)), any(random)));
    }
  }
  const std::vector<bool> ground_truth(13, true);
  const Ranking first = rank(ScoreTable(ground_truth, 40, evaluations), {{{"text_yield", 0.3}, {"cer", 0.7}}});
  for (int round = 0; round < 5; ++round) {
    std::shuffle(evaluations.begin(), evaluations.end(), random);
    const Ranking again = rank(ScoreTable(ground_truth, 40, evaluations), {{{"text_yield", 0.3}, {"cer", 0.7}}});
    ASSERT_EQ(again.order, first.order);
    for (std::size_t i = 0; i < first.points.size(); ++i) {
      EXPECT_EQ(again.points[i].means, first.points[i].means);
      EXPECT_EQ(again.points[i].gains, first.points[i].gains);
      EXPECT_EQ(again.points[i].objective, first.points[i].objective);
    }
  }
}

TEST(PageObjective, IsThePagesOwnAndEmptyWithoutAResult) {
  const ScoreTable table(
      {true}, 3,
      {done(0, 0, 1, 9, 1.5), ended(0, 1, EvaluationStatus::failed), ended(0, 2, EvaluationStatus::missing)});
  const RankingObjective objective = *ranking_objective({}, {true});
  EXPECT_EQ(page_objective(objective, table.cell(PageIndex{0}, PointIndex{0})), 0.0);
  EXPECT_EQ(page_objective(objective, table.cell(PageIndex{0}, PointIndex{1})), 0.0);
  EXPECT_EQ(page_objective(objective, table.cell(PageIndex{0}, PointIndex{2})), std::nullopt);
  EXPECT_EQ(page_objective(objective, table.cell(PageIndex{0}, baseline_point)), std::nullopt);
}

}  // namespace
}  // namespace ocrs
