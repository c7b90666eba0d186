#include "coordinator/io/load_screening.hpp"

#include <algorithm>
#include <utility>

#include "common/core/result.hpp"
#include "coordinator/core/objective.hpp"
#include "coordinator/io/config.hpp"
#include "coordinator/io/models.hpp"

namespace ocrs {
namespace {

void add_all(std::vector<std::string>& to, std::vector<std::string>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// Models for every page's languages; with no page known (an error already), for the configuration's own.
ResolvedModels models_for(const ConfigFile& config, const std::vector<Page>& pages) {
  std::vector<PageSpec> specs;
  for (const Page& page : pages) specs.push_back(page.spec);
  if (specs.empty()) {
    specs.emplace_back();
    specs.front().languages = config.languages;
    specs.front().psm = config.psm;
  }
  return resolve_models(needed_models(specs), tessdata_folder());
}

/// Where the configuration asks for a model, "FILE:LINE: key 'KEY': "; the first place of several.
std::string place_of(const ConfigFile& config, const std::string& model) {
  const auto place = [&](int line, const char* key) {
    return config.path.string() + ":" + std::to_string(line) + ": key '" + key + "': ";
  };
  const auto named_in = [&](const std::string& languages) {
    const std::vector<std::string> names = single_languages(languages);
    return std::find(names.begin(), names.end(), model) != names.end();
  };
  for (const PageEntry& entry : config.pages) {
    if (entry.languages && named_in(*entry.languages)) return place(entry.line, "pages.languages");
  }
  if (named_in(config.languages)) return place(std::max(config.languages_line, 1), "ocr.languages");
  for (const PageEntry& entry : config.pages) {
    if (entry.psm && needs_orientation(*entry.psm)) return place(entry.line, "pages.psm");
  }
  return place(std::max(config.psm_line, 1), "ocr.psm");
}

}  // namespace

Screening load_screening(const std::filesystem::path& yaml, const PageInspector& inspect,
                         std::vector<std::string>& warnings, const std::filesystem::path& pdf_folder) {
  ConfigFile config = read_config(yaml);
  PageSet found = find_pages(config, inspect, pdf_folder);
  ResolvedModels models = models_for(config, found.pages);

  std::vector<std::string> errors;
  add_all(errors, found.errors);
  for (const MissingModel& missing : models.missing)
    errors.push_back(place_of(config, missing.language) + missing.text);
  std::vector<bool> truth;
  for (const Page& page : found.pages) truth.push_back(page.spec.ground_truth.has_value());
  const auto with_truth = std::count(truth.begin(), truth.end(), true);
  if (errors.empty()) {
    const Result<RankingObjective> objective = ranking_objective(config.objective, truth);
    if (!objective) {
      errors.push_back(yaml.string() + ":" + std::to_string(config.objective_line) +
                       ": key 'objective': " + objective.error().text);
    }
  }
  if (!errors.empty()) {
    std::string text;
    for (const std::string& error : errors) text += (text.empty() ? "" : "\n") + error;
    throw StartupError(text);
  }
  if (with_truth > 0 && with_truth < std::ssize(truth)) {
    found.warnings.push_back("only " + std::to_string(with_truth) + " of " + std::to_string(truth.size()) +
                             " pages have ground truth (NAME.gt.txt); scores that need it are empty on the others");
  }
  add_all(warnings, found.warnings);

  Screening screening;
  screening.title = std::move(config.title);
  screening.pipeline = std::move(config.pipeline);
  screening.design = config.design;
  screening.engine = config.engine;
  screening.limits = config.limits;
  screening.folding = config.folding;
  screening.objective = std::move(config.objective);
  screening.cluster = config.cluster;
  screening.models = std::move(models.models);
  screening.tessdata = std::move(models.tessdata);
  screening.pages = std::move(found.pages);
  screening.skipped_pages = std::move(found.skipped);
  screening.config_text = std::move(config.text);
  return screening;
}

}  // namespace ocrs
