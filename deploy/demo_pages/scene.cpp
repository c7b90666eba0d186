#include "deploy/demo_pages/scene.hpp"

namespace ocrs::demo {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"letter", set_letter, "letter", 1240, 1650, 6},
      {"form", set_form, "form", 1240, 1650, 6},
      {"receipt", set_receipt, "receipt", 920, 1900, 6},
      {"typescript", set_typescript, "typescript", 1300, 1600, 6},
      {"newspaper", set_newspaper, "newspaper", 1240, 1300, 3},
      {"table", set_table, "table", 1500, 1150, 6},
      {"cutting", set_cutting, "newspaper", 820, 1400, 6},
  };
  return all;
}

const std::vector<Scene>& scenes() {
  using D = Damage;
  // One scene in two to four lines.
  // clang-format off
  static const std::vector<Scene> all{
      {"letter", "shaded", Bed::none, 1, Ruling::open, 1,
       {{&D::shade, 0.84, 0.89}, {&D::tone, 0.1, 0.16}, {&D::fibre, 5, 9}, {&D::mottle, 8, 14},
        {&D::skew, -0.6, 0.6}, {&D::warp, 2, 5}, {&D::blur, 0.7, 1}, {&D::noise, 3, 5}}},
      {"typescript", "worn ribbon", Bed::white, 0.95, Ruling::open, 1,
       {{&D::fade, 0.6, 0.65}, {&D::patchy, 0.3, 0.45}, {&D::grain, 0.1, 0.16}, {&D::tone, 0.14, 0.2},
        {&D::fibre, 8, 12}, {&D::mottle, 6, 10}, {&D::skew, -1, 1}, {&D::blur, 0.8, 1.1}, {&D::noise, 4, 6},
        {&D::jpeg, 72, 84}}},
      {"form", "heavy rules", Bed::none, 1, Ruling::grid, 3.4,
       {{&D::tone, 0.08, 0.12}, {&D::fibre, 4, 6}, {&D::skew, -0.25, 0.25}, {&D::blur, 0.7, 0.9},
        {&D::noise, 3, 5}}},
      {"receipt", "noisy", Bed::white, 1, Ruling::open, 1,
       {{&D::fade, 0.25, 0.35}, {&D::tone, 0.08, 0.14}, {&D::skew, -1.2, 1.2}, {&D::warp, 3, 6},
        {&D::blur, 0.7, 0.9}, {&D::noise, 15.5, 18.5}, {&D::salt, 0.001, 0.002}}},
      {"cutting", "show-through", Bed::felt, 1, Ruling::open, 1,
       {{&D::tone, 0.18, 0.24}, {&D::bleed, 0.42, 0.52}, {&D::fibre, 7, 11}, {&D::mottle, 8, 12},
        {&D::spread, 0.9, 1.2}, {&D::skew, -0.5, 0.5}, {&D::blur, 0.7, 0.9}, {&D::noise, 3, 5}, {&D::jpeg, 70, 82}}},
      {"table", "good scan", Bed::none, 1, Ruling::open, 1,
       {{&D::tone, 0.05, 0.09}, {&D::fibre, 3, 5}, {&D::skew, -0.2, 0.2}, {&D::blur, 0.6, 0.8}, {&D::noise, 2, 3}}},
      {"letter", "microfilm", Bed::black, 0.95, Ruling::open, 1,
       {{&D::spread, 1.4, 1.8}, {&D::reduction, 1.5, 1.7}, {&D::grain, 0.08, 0.14}, {&D::tone, 0.06, 0.1},
        {&D::mottle, 18, 26}, {&D::holes, 2, 2}, {&D::skew, -0.8, 0.8}, {&D::blur, 1, 1.3}, {&D::noise, 14, 20},
        {&D::scratches, 8, 16}, {&D::jpeg, 55, 70}}},
      {"typescript", "light ribbon", Bed::none, 1, Ruling::open, 1,
       {{&D::fade, 0.64, 0.7}, {&D::patchy, 0.3, 0.4}, {&D::tone, 0.08, 0.12}, {&D::fibre, 4, 6}, {&D::mottle, 3, 5},
        {&D::skew, -0.3, 0.3}, {&D::blur, 0.7, 0.9}, {&D::noise, 2, 4}}},
      {"form", "low resolution", Bed::white, 1, Ruling::open, 1,
       {{&D::reduction, 2.1, 2.4}, {&D::tone, 0.08, 0.12}, {&D::skew, -0.6, 0.6}, {&D::blur, 0.8, 1},
        {&D::noise, 5, 8}, {&D::jpeg, 45, 60}}},
      {"receipt", "crumpled", Bed::felt, 1, Ruling::open, 1,
       {{&D::folds, 4, 7}, {&D::fade, 0.2, 0.32}, {&D::patchy, 0.3, 0.5}, {&D::tone, 0.1, 0.15},
        {&D::mottle, 14, 20}, {&D::shade, 0.3, 0.42}, {&D::skew, -1.5, 1.5}, {&D::warp, 8, 13}, {&D::blur, 0.8, 1},
        {&D::noise, 4, 6}}},
      {"newspaper", "yellowed", Bed::none, 1.05, Ruling::open, 1,
       {{&D::tone, 0.28, 0.36}, {&D::fibre, 8, 12}, {&D::mottle, 8, 14}, {&D::spread, 0.7, 0.9}, {&D::stains, 1, 3},
        {&D::skew, -0.4, 0.4}, {&D::warp, 2, 5}, {&D::blur, 0.7, 0.9}, {&D::noise, 3, 5}}},
      {"table", "heavy grid", Bed::none, 1, Ruling::grid, 2.6,
       {{&D::tone, 0.1, 0.16}, {&D::fibre, 5, 8}, {&D::skew, -0.35, 0.35}, {&D::blur, 0.8, 1}, {&D::noise, 4, 6}}},
      {"letter", "good scan", Bed::white, 1, Ruling::open, 1,
       {{&D::tone, 0.06, 0.1}, {&D::fibre, 3, 5}, {&D::mottle, 3, 5}, {&D::skew, -0.5, 0.5}, {&D::blur, 0.6, 0.8},
        {&D::noise, 2, 3}, {&D::jpeg, 80, 90}}},
      {"typescript", "stained, bound volume", Bed::facing_page, 0.95, Ruling::open, 1,
       {{&D::stains, 4, 7}, {&D::patchy, 0.25, 0.4}, {&D::tone, 0.16, 0.22}, {&D::fibre, 7, 11}, {&D::mottle, 8, 12},
        {&D::shade, 0.35, 0.5}, {&D::skew, -0.8, 0.8}, {&D::warp, 4, 8}, {&D::blur, 0.8, 1}, {&D::noise, 3, 5}}},
      {"form", "stamped and folded", Bed::felt, 1, Ruling::open, 1.3,
       {{&D::stamp, 0.55, 0.75}, {&D::folds, 2, 3}, {&D::holes, 2, 2}, {&D::tone, 0.14, 0.2}, {&D::fibre, 5, 8},
        {&D::mottle, 6, 10}, {&D::skew, -1, 1}, {&D::blur, 0.8, 1}, {&D::noise, 4, 6}, {&D::jpeg, 60, 75}}},
      {"receipt", "faded", Bed::none, 1, Ruling::open, 1,
       {{&D::fade, 0.57, 0.64}, {&D::patchy, 0.2, 0.35}, {&D::tone, 0.1, 0.16}, {&D::mottle, 4, 7},
        {&D::fibre, 3, 5}, {&D::skew, -0.6, 0.6}, {&D::blur, 0.8, 1}, {&D::noise, 5, 8}}},
      {"newspaper", "good scan", Bed::none, 1.05, Ruling::open, 1,
       {{&D::tone, 0.1, 0.14}, {&D::fibre, 4, 6}, {&D::spread, 0.5, 0.7}, {&D::skew, -0.2, 0.2},
        {&D::blur, 0.6, 0.8}, {&D::noise, 2, 4}}},
      {"table", "shaded", Bed::none, 1, Ruling::open, 1,
       {{&D::shade, 0.7, 0.78}, {&D::tone, 0.1, 0.14}, {&D::fibre, 4, 7}, {&D::mottle, 6, 9}, {&D::skew, -0.4, 0.4},
        {&D::blur, 0.7, 0.9}, {&D::noise, 3, 5}, {&D::jpeg, 75, 85}}},
      {"letter", "noisy", Bed::none, 0.95, Ruling::open, 1,
       {{&D::fade, 0.2, 0.3}, {&D::tone, 0.12, 0.18}, {&D::skew, -0.5, 0.5}, {&D::blur, 0.8, 1}, {&D::noise, 20, 23},
        {&D::salt, 0.002, 0.004}}},
      {"typescript", "carbon copy", Bed::none, 0.95, Ruling::open, 1,
       {{&D::spread, 2.2, 2.7}, {&D::fade, 0.4, 0.5}, {&D::smear, 7, 11}, {&D::tone, 0.12, 0.18}, {&D::fibre, 9, 13},
        {&D::skew, -0.5, 0.5}, {&D::blur, 1, 1.3}, {&D::noise, 4, 6}, {&D::jpeg, 65, 80}}},
      {"form", "good scan", Bed::none, 1, Ruling::open, 1,
       {{&D::tone, 0.06, 0.1}, {&D::fibre, 3, 5}, {&D::skew, -0.2, 0.2}, {&D::blur, 0.6, 0.8}, {&D::noise, 2, 3}}},
      {"receipt", "light print", Bed::white, 1, Ruling::open, 1,
       {{&D::fade, 0.68, 0.73}, {&D::tone, 0.05, 0.09}, {&D::fibre, 2, 4}, {&D::skew, -0.4, 0.4},
        {&D::blur, 0.6, 0.8}, {&D::noise, 2, 4}, {&D::jpeg, 80, 90}}},
      {"cutting", "smeared", Bed::none, 1, Ruling::open, 1,
       {{&D::contrast, 0.3, 0.38}, {&D::smear, 5, 8}, {&D::grain, 0.08, 0.14}, {&D::patchy, 0.3, 0.45},
        {&D::tone, 0.16, 0.22}, {&D::fibre, 8, 12}, {&D::bleed, 0.12, 0.2}, {&D::skew, -0.8, 0.8},
        {&D::blur, 0.8, 1}, {&D::noise, 5, 8}, {&D::jpeg, 60, 75}}},
      {"table", "low contrast", Bed::none, 1, Ruling::open, 1,
       {{&D::fade, 0.45, 0.55}, {&D::contrast, 0.38, 0.48}, {&D::bleed, 0.12, 0.2}, {&D::tone, 0.2, 0.26},
        {&D::mottle, 8, 12}, {&D::skew, -0.4, 0.4}, {&D::blur, 0.8, 1}, {&D::noise, 4, 6}}},
  };
  // clang-format on
  return all;
}

const std::vector<SingleDamage>& single_damages() {
  using D = Damage;
  static const std::vector<SingleDamage> all{
      {"noise", "a grainy sensor in poor light", {{&D::contrast, 0.6, 0.6}, {&D::noise, 16, 18}}},
      {"shade", "uneven light", {{&D::shade, 0.86, 0.9}}},
      {"rules", "boxes of heavy rules", {{&D::blur, 0.6, 0.8}}, Ruling::grid, 3, true},
  };
  return all;
}

const SingleDamage* find_single_damage(std::string_view name) {
  for (const SingleDamage& damage : single_damages()) {
    if (damage.name == name) return &damage;
  }
  return nullptr;
}

}  // namespace ocrs::demo
