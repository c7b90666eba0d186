#include "coordinator/io/sqlite_optuna.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "common/version.hpp"

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

// As Optuna 3.1.0 makes them in SQLite, with its indices.
constexpr char schema[] = R"sql(
CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL, PRIMARY KEY (study_id));
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER, library_version VARCHAR(256),
  PRIMARY KEY (version_info_id), CHECK (version_info_id=1));
CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL, direction VARCHAR(8) NOT NULL,
  study_id INTEGER NOT NULL, objective INTEGER NOT NULL, PRIMARY KEY (study_direction_id),
  UNIQUE (study_id, objective), FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL, study_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL, study_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, "key"),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER, state VARCHAR(8) NOT NULL,
  datetime_start DATETIME, datetime_complete DATETIME, PRIMARY KEY (trial_id),
  FOREIGN KEY(study_id) REFERENCES studies (study_id));
CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL, trial_id INTEGER, "key" VARCHAR(512),
  value_json TEXT, PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL, trial_id INTEGER,
  "key" VARCHAR(512), value_json TEXT, PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, "key"),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER, param_name VARCHAR(512), param_value FLOAT,
  distribution_json TEXT, PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL, objective INTEGER NOT NULL,
  value FLOAT, value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  step INTEGER NOT NULL, intermediate_value FLOAT, intermediate_value_type VARCHAR(7) NOT NULL,
  PRIMARY KEY (trial_intermediate_value_id), UNIQUE (trial_id, step),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,
  heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id), UNIQUE (trial_id),
  FOREIGN KEY(trial_id) REFERENCES trials (trial_id));
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO version_info VALUES (1, 12, '3.1.0');
INSERT INTO alembic_version VALUES ('v3.0.0.d');
INSERT INTO studies VALUES (1, '');
INSERT INTO study_directions VALUES (1, 'MAXIMIZE', 1, 0);
)sql";

std::string dumped(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

Json json_of(const FactorValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* name = std::get_if<std::string>(&value)) return *name;
  return nullptr;
}

/// A value as Optuna stores it, with its distribution.
struct Parameter {
  double stored = 0;
  Json distribution;
};

Parameter categorical(const Json& choices, std::size_t position) {
  return {static_cast<double>(position), {{"name", "CategoricalDistribution"}, {"attributes", {{"choices", choices}}}}};
}

Json float_distribution(double low, double high, const Json& step, bool log) {
  return {{"name", "FloatDistribution"}, {"attributes", {{"step", step}, {"low", low}, {"high", high}, {"log", log}}}};
}

Json int_distribution(double low, double high, double step) {
  return {{"name", "IntDistribution"},
          {"attributes",
           {{"log", false},
            {"step", static_cast<std::int64_t>(step)},
            {"low", static_cast<std::int64_t>(low)},
            {"high", static_cast<std::int64_t>(high)}}}};
}

Parameter parameter_of(const Factor& factor, const FactorValue& value) {
  double stored = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) stored = static_cast<double>(*whole);
  if (const auto* number = std::get_if<double>(&value)) stored = *number;
  switch (factor.kind) {
    case FactorKind::integer:
      return {stored, int_distribution(factor.low, factor.high, 1)};
    case FactorKind::step: {
      // Optuna asks that the range is a whole number of steps.
      const double high = factor.low + std::floor((factor.high - factor.low) / factor.step + 1e-9) * factor.step;
      if (std::holds_alternative<std::int64_t>(value)) return {stored, int_distribution(factor.low, high, factor.step)};
      return {stored, float_distribution(factor.low, high, factor.step, false)};
    }
    case FactorKind::levels: {
      Json choices = Json::array();
      for (const FactorValue& level : factor.levels) choices.push_back(json_of(level));
      const auto found = std::find(factor.levels.begin(), factor.levels.end(), value);
      return categorical(choices, static_cast<std::size_t>(found - factor.levels.begin()));
    }
    case FactorKind::choice: {
      Json choices = Json::array();
      std::size_t position = 0;
      for (std::size_t i = 0; i < factor.choices.size(); ++i) {
        choices.push_back(factor.choices[i].name);
        if (value == FactorValue(factor.choices[i].name)) position = i;
      }
      return categorical(choices, position);
    }
    default:
      return {stored, float_distribution(factor.low, factor.high, nullptr, factor.kind == FactorKind::log)};
  }
}

/// UTC as SQLAlchemy writes it.
std::string datetime(std::int64_t time_ms) {
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, time_ms % 1000 * 1000);
}

class StudyWriter {
 public:
  StudyWriter(SQLite::Database& database, const ScreeningResults& results)
      : database_(database), results_(results), slots_(factor_slots(results.record.screening.pipeline)) {}

  void write() {
    SQLite::Transaction transaction(database_);
    database_.exec(schema);
    SQLite::Statement name(database_, "UPDATE studies SET study_name = ?");
    name.bind(1, optuna_study_name(results_));
    name.exec();
    attribute("study", 1, "run_id", to_hex(results_.record.run));
    attribute("study", 1, "screening", results_.record.screening.title);
    attribute("study", 1, "objective", results_.ranking.objective.name);
    attribute("study", 1, "ocrscreen", program_version);
    std::vector<std::int64_t> ends(results_.ranking.points.size(), results_.record.created_ms);
    for (const StoredEvaluation& stored : results_.evaluations) {
      auto& end = ends[static_cast<std::size_t>(stored.result.id.point.value + 1)];
      end = std::max(end, stored.time_ms);
    }
    // The baseline stands first in the ranking and last in the study: the other trials have their point's number.
    for (std::size_t row = 1; row < results_.ranking.points.size(); ++row) {
      trial(results_.ranking.points[row], static_cast<std::int64_t>(row) - 1, ends[row]);
    }
    trial(results_.ranking.baseline(), static_cast<std::int64_t>(results_.ranking.points.size()) - 1, ends[0]);
    transaction.commit();
  }

 private:
  void attribute(const std::string& of, std::int64_t id, const std::string& key, const Json& value) {
    SQLite::Statement insert(
        database_, "INSERT INTO " + of + "_user_attributes (" + of + "_id, \"key\", value_json) VALUES (?, ?, ?)");
    insert.bind(1, id);
    insert.bind(2, key);
    insert.bind(3, dumped(value));
    insert.exec();
  }

  void trial(const PointScores& row, std::int64_t number, std::int64_t end_ms) {
    const std::int64_t id = number + 1;
    SQLite::Statement insert(database_, "INSERT INTO trials VALUES (?, ?, 1, ?, ?, ?)");
    insert.bind(1, id);
    insert.bind(2, number);
    insert.bind(3, row.objective ? "COMPLETE" : "FAIL");
    insert.bind(4, datetime(results_.record.created_ms));
    insert.bind(5, datetime(end_ms));
    insert.exec();
    attribute("trial", id, "point", row.point.value);
    if (row.rank) attribute("trial", id, "rank", *row.rank);
    for (std::size_t s = 0; s < score_count; ++s) {
      if (row.means[s]) attribute("trial", id, std::string(score_names[s]), *row.means[s]);
    }
    if (row.objective) {
      SQLite::Statement value(
          database_, "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, ?, 'FINITE')");
      value.bind(1, id);
      value.bind(2, *row.objective);
      value.exec();
    }
    if (row.point == baseline_point) return;
    const std::vector<FactorValue>& values = results_.points[static_cast<std::size_t>(row.point.value)].values;
    for (std::size_t f = 0; f < slots_.size(); ++f) {
      const Factor& factor = *slots_[f].factor;
      if (factor.kind == FactorKind::fixed || std::holds_alternative<std::monostate>(values[f])) continue;
      const Parameter parameter = parameter_of(factor, values[f]);
      SQLite::Statement param(database_,
                              "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
                              "VALUES (?, ?, ?, ?)");
      param.bind(1, id);
      param.bind(2, factor.name);
      param.bind(3, parameter.stored);
      param.bind(4, dumped(parameter.distribution));
      param.exec();
    }
  }

  SQLite::Database& database_;
  const ScreeningResults& results_;
  std::vector<FactorSlot> slots_;
};

}  // namespace

std::string optuna_study_name(const ScreeningResults& results) {
  return "ocrscreen-" + to_hex(results.record.run).substr(0, 12);
}

Result<void> write_optuna_study(const std::filesystem::path& file, const ScreeningResults& results) {
  std::filesystem::path made = file;
  made += ".part";
  std::error_code error;
  std::filesystem::remove(made, error);
  try {
    {
      SQLite::Database database(made.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      StudyWriter(database, results).write();
    }
    std::filesystem::rename(made, file);
    return {};
  } catch (const std::exception& problem) {
    std::filesystem::remove(made, error);
    return Error{file.string() + ": the study could not be written: " + problem.what()};
  }
}

}  // namespace ocrs
