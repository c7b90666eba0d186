#include "coordinator/core/screening.hpp"

#include <string_view>
#include <utility>

#include "coordinator/core/owen_scrambling.hpp"
#include "coordinator/core/sobol.hpp"

namespace ocrs {
namespace {

std::string definition(const Factor& factor) {
  std::string text(to_string(factor.kind));
  switch (factor.kind) {
    case FactorKind::fixed:
      text += ' ' + to_text(factor.fixed);
      break;
    case FactorKind::integer:
    case FactorKind::real:
    case FactorKind::log:
    case FactorKind::step:
      text += ' ' + shortest(factor.low) + ".." + shortest(factor.high);
      break;
    case FactorKind::levels:
      for (const FactorValue& level : factor.levels) text += ' ' + to_text(level);
      break;
    case FactorKind::choice:
      for (const ChoiceShare& option : factor.choices) text += ' ' + option.name + '=' + shortest(option.share);
      break;
  }
  if (factor.kind == FactorKind::step) text += " step " + shortest(factor.step);
  if (factor.unit != FactorUnit::none) text += " unit " + std::string(to_string(factor.unit));
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// Names of files may hold anything: a line stays a line.
std::string on_one_line(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else if (c == '\\') {
      escaped += "\\\\";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string yes_no(bool value) { return value ? "yes" : "no"; }

/// Collects "key: value" lines.
class Lines {
 public:
  void add(std::string_view key, std::string_view value) { text_.append(key).append(": ").append(value).append("\n"); }
  void add(std::string_view key, std::uint64_t value) { add(key, std::to_string(value)); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void add_pipeline(const PipelineSpec& pipeline, Lines& lines) {
  std::vector<std::string> ids;
  for (const StageSpec& stage : pipeline.stages) ids.push_back(stage.id);
  lines.add("stages", joined(ids));
  for (const FactorSlot& slot : factor_slots(pipeline)) {
    std::string text = definition(*slot.factor);
    if (slot.when && !slot.when->empty()) text += " when " + joined(*slot.when);
    lines.add("factor." + slot.factor->name, text);
  }
}

void add_pages(const std::vector<Page>& pages, Lines& lines) {
  // By name, not by position: a page more or less then differs in one line.
  for (const Page& page : pages) {
    const PageSpec& spec = page.spec;
    lines.add("page." + on_one_line(joined(page.names)),
              to_hex(spec.file) + " frame " + std::to_string(spec.frame) + " languages " + spec.languages + " psm " +
                  std::to_string(spec.psm) + " dpi " + shortest(spec.dpi) + " ground_truth " +
                  (spec.ground_truth ? to_hex(*spec.ground_truth) : "none"));
  }
}

}  // namespace

ScreeningSpec screening_spec(const Screening& screening, const ContentHash& run) {
  ScreeningSpec spec;
  spec.run = run;
  for (const StageSpec& stage : screening.pipeline.stages) spec.stages.push_back(stage.id);
  for (const FactorSlot& slot : factor_slots(screening.pipeline)) {
    spec.factors.push_back({slot.factor->name, slot.factor->unit});
  }
  spec.engine = screening.engine;
  spec.limits = screening.limits;
  spec.folding = screening.folding;
  spec.scores = score_version;
  spec.models = screening.models;
  for (const Page& page : screening.pages) spec.pages.push_back(page.spec);
  return spec;
}

std::string identity_text(const Screening& screening) {
  Lines lines;
  lines.add("sobol", sobol_version);
  const bool owen = screening.design.scrambling == Scrambling::owen;
  lines.add("scrambling", owen ? owen_version : "none");
  // Without scrambling the seed decides nothing.
  lines.add("seed", owen ? std::to_string(screening.design.seed) : "unused");
  add_pipeline(screening.pipeline, lines);
  lines.add("oem", static_cast<std::uint64_t>(screening.engine.oem));
  lines.add("width_max", static_cast<std::uint64_t>(screening.engine.width_max));
  lines.add("invert", yes_no(screening.engine.invert));
  lines.add("limits.max_pixels", screening.limits.max_pixels);
  lines.add("limits.components", screening.limits.components);
  lines.add("limits.deadline_s", screening.limits.deadline_s);
  lines.add("fold.case", yes_no(screening.folding.letter_case));
  lines.add("fold.quotes", yes_no(screening.folding.quotes));
  lines.add("fold.dashes", yes_no(screening.folding.dashes));
  lines.add("score_version", score_version);
  for (const ModelRef& model : screening.models) lines.add("model." + model.language, to_hex(model.hash));
  add_pages(screening.pages, lines);
  return lines.take();
}

}  // namespace ocrs
