#include "common/core/pipeline_spec.hpp"

#include <limits>
#include <utility>

namespace ocrs {
namespace {

Factor fixed(std::string name, std::int64_t value) {
  Factor factor;
  factor.name = std::move(name);
  factor.fixed = value;
  return factor;
}

Factor ranged(FactorKind kind, std::string name, double low, double high, FactorUnit unit = FactorUnit::none) {
  Factor factor;
  factor.name = std::move(name);
  factor.kind = kind;
  factor.unit = unit;
  factor.low = low;
  factor.high = high;
  return factor;
}

/// A length in plain pixels, and one in pixels at 300 dpi.
Factor px(std::string name, double low, double high) {
  return ranged(FactorKind::integer, std::move(name), low, high, FactorUnit::px);
}
Factor px300(std::string name, double low, double high) {
  return ranged(FactorKind::integer, std::move(name), low, high, FactorUnit::px300);
}
Factor integer(std::string name, double low, double high) {
  return ranged(FactorKind::integer, std::move(name), low, high);
}
Factor real(std::string name, double low, double high) { return ranged(FactorKind::real, std::move(name), low, high); }

Factor levels(std::string name, std::vector<FactorValue> values) {
  Factor factor;
  factor.name = std::move(name);
  factor.kind = FactorKind::levels;
  factor.levels = std::move(values);
  return factor;
}

Factor choice(std::string name, std::vector<ChoiceShare> options) {
  Factor factor;
  factor.name = std::move(name);
  factor.kind = FactorKind::choice;
  factor.choices = std::move(options);
  return factor;
}

PipelineSpec standard() {
  return {
      "standard",
      {{"standard.remove_lines",
        "remove_lines",
        {},
        {{px("line_h", 30, 70), {}}, {px("line_v", 40, 120), {}}, {fixed("dilate_iter", 2), {}}}},
       {"standard.normalise", "normalise", {}, {{px("norm_kernel", 40, 100), {}}}},
       {"standard.denoise", "denoise", {}, {{real("denoise_h", 2, 20), {}}, {real("noise_threshold", 20, 500), {}}}},
       {"standard.binarise", "binarise", {}, {{px("bin_block", 30, 100), {}}, {real("bin_c", 10, 25), {}}}}},
      2000};
}

PipelineSpec high_fidelity() {
  return {"high_fidelity",
          {{"high_fidelity.inpaint_lines",
            "inpaint_lines",
            {},
            {{px("inpaint_h", 20, 100), {}}, {px("inpaint_v", 20, 100), {}}}},
           {"high_fidelity.denoise", "denoise", {}, {{real("denoise_h", 5, 20), {}}}},
           {"high_fidelity.flatten", "flatten", {}, {{px("bg_dilate", 3, 15), {}}, {px("bg_blur", 11, 51), {}}}},
           {"high_fidelity.clahe", "clahe", {}, {{real("clahe_clip", 1, 5), {}}, {integer("clahe_tile", 4, 16), {}}}}},
          0};
}

PipelineSpec open() {
  return {"open",
          {{"open.scale",
            "scale",
            choice("resize", {{"off", 0.5}, {"on", 0.5}}),
            {{ranged(FactorKind::log, "scale", 0.5, 1.5), {"on"}}}},
           {"open.smooth",
            "smooth",
            choice("smooth", {{"off", 0.6}, {"gaussian", 0.2}, {"median", 0.2}}),
            {{levels("smooth_size", {std::int64_t{3}, std::int64_t{5}}), {"gaussian", "median"}}}},
           {"open.lines",
            "lines",
            choice("lines", {{"off", 0.7}, {"paint", 0.15}, {"inpaint", 0.15}}),
            {{px300("line_h", 30, 120), {"paint", "inpaint"}}, {px300("line_v", 40, 160), {"paint", "inpaint"}}}},
           {"open.background",
            "background",
            choice("background", {{"off", 0.6}, {"divide", 0.2}, {"flatten", 0.2}}),
            {{px300("norm_kernel", 20, 120), {"divide"}},
             {px300("bg_dilate", 3, 15), {"flatten"}},
             {px300("bg_blur", 11, 51), {"flatten"}}}},
           {"open.denoise",
            "denoise",
            choice("denoise", {{"off", 0.4}, {"nlm", 0.6}}),
            {{real("denoise_h", 2, 20), {"nlm"}}, {real("noise_threshold", 20, 500), {"nlm"}}}},
           {"open.contrast",
            "contrast",
            choice("contrast", {{"off", 0.8}, {"clahe", 0.1}, {"stretch", 0.1}}),
            {{real("clahe_clip", 1, 4), {"clahe"}}, {integer("clahe_tile", 4, 16), {"clahe"}}}},
           {"open.binarise",
            "binarise",
            choice("binarise", {{"off", 0.6}, {"otsu", 0.1}, {"adaptive", 0.15}, {"sauvola", 0.15}}),
            {{px300("bin_block", 15, 100), {"adaptive"}},
             {real("bin_c", 2, 25), {"adaptive"}},
             {px300("sauvola_window", 7, 40), {"sauvola"}},
             {real("sauvola_k", 0.1, 0.5), {"sauvola"}}}}},
          0};
}

}  // namespace

const std::vector<PipelineSpec>& known_pipelines() {
  static const std::vector<PipelineSpec> pipelines = {open(), standard(), high_fidelity()};
  return pipelines;
}

const PipelineSpec* find_pipeline(std::string_view name) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    if (pipeline.name == name) return &pipeline;
  }
  return nullptr;
}

const StageSpec* find_stage(std::string_view id_or_name) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    for (const StageSpec& stage : pipeline.stages) {
      if (stage.id == id_or_name || stage.name == id_or_name) return &stage;
    }
  }
  return nullptr;
}

std::vector<FactorSlot> factor_slots(const PipelineSpec& pipeline) {
  std::vector<FactorSlot> slots;
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    const StageSpec& stage = pipeline.stages[i];
    if (stage.choice) slots.push_back({i, &*stage.choice, nullptr});
  }
  for (std::size_t i = 0; i < pipeline.stages.size(); ++i) {
    for (const StageFactor& owned : pipeline.stages[i].factors) slots.push_back({i, &owned.factor, &owned.when});
  }
  return slots;
}

FactorDomain factor_domain(std::string_view factor_name) {
  struct Row {
    std::string_view name;
    FactorDomain domain;
  };
  // medianBlur counts in 16 bits, which holds for windows up to 255 pixels; the other ends only keep out nonsense that
  // would cost a night: windows wider than any page, images grown beyond every limit.
  static constexpr Row rows[] = {
      {"scale", {0.05, 8, false}},      {"smooth_size", {1, 99, true}},      {"line_h", {1, 5000, true}},
      {"line_v", {1, 5000, true}},      {"inpaint_h", {1, 5000, true}},      {"inpaint_v", {1, 5000, true}},
      {"dilate_iter", {0, 100, true}},  {"norm_kernel", {1, 1000, true}},    {"bg_dilate", {1, 255, true}},
      {"bg_blur", {1, 255, true}},      {"denoise_h", {-1, 255, false}},     {"noise_threshold", {0, 1e9, false}},
      {"clahe_clip", {0, 1000, false}}, {"clahe_tile", {1, 256, true}},      {"bin_block", {1, 1000, true}},
      {"bin_c", {-255, 255, false}},    {"sauvola_window", {1, 1000, true}}, {"sauvola_k", {0, 2, false}},
  };
  for (const Row& row : rows) {
    if (row.name == factor_name) return row.domain;
  }
  return {std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max(), false};
}

}  // namespace ocrs
