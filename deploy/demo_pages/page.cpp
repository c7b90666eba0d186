#include "deploy/demo_pages/page.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "deploy/demo_pages/scanner.hpp"
#include "deploy/demo_pages/scene.hpp"
#include "deploy/demo_pages/wear.hpp"

namespace ocrs::demo {

namespace {

/// What page `number` is: the kind's languages alternate, beginning with another one for each kind.
struct Choice {
  const Scene* scene;
  const Kind* kind;
  std::string language;
};

Choice choice_of(const CollectionOrder& order, const SingleDamage* single, int number) {
  std::vector<Choice> cycle;
  const std::vector<Kind>& all = kinds();
  std::vector<std::size_t> turn(all.size(), 0);
  // Two rounds of the scenes, so that a scene comes back in another language.
  for (int round = 0; round < 2; ++round) {
    for (const Scene& scene : scenes()) {
      const auto kind = std::find_if(all.begin(), all.end(), [&](const Kind& k) { return k.name == scene.kind; });
      const auto place = static_cast<std::size_t>(kind - all.begin());
      const auto wanted = [&](const std::string& name) { return name == scene.kind; };
      if (!order.kinds.empty() && std::none_of(order.kinds.begin(), order.kinds.end(), wanted)) continue;
      if (single && single->only_ruled && scene.kind != "form" && scene.kind != "table") continue;
      std::vector<std::string> languages;
      for (const std::string& language : order.languages) {
        if (Texts::find(language, kind->texts)) languages.push_back(language);
      }
      if (languages.empty()) continue;
      const std::size_t pick = (turn[place]++ + place + static_cast<std::size_t>(round)) % languages.size();
      cycle.push_back({&scene, &*kind, languages[pick]});
    }
  }
  if (cycle.empty()) {
    throw std::runtime_error(single && single->only_ruled
                                 ? "damage " + order.damage + " is of forms and tables: none of these kinds has rules"
                                 : "no texts for these kinds of page in these languages");
  }
  return cycle[static_cast<std::size_t>(number) % cycle.size()];
}

Damage drawn(Bed bed, const std::vector<Range>& ranges, std::uint64_t seed) {
  Damage damage;
  damage.bed = bed;
  Random random(Random::mix(seed, "amounts"));
  for (const Range& range : ranges) {
    double amount = random.uniform(range.low, range.high);
    const auto counted = {&Damage::stains, &Damage::folds, &Damage::holes, &Damage::scratches, &Damage::jpeg};
    if (std::find(counted.begin(), counted.end(), range.amount) != counted.end()) amount = std::floor(amount + 0.5);
    damage.*range.amount = amount;
  }
  return damage;
}

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

Page make_page(const CollectionOrder& order, int number) {
  const SingleDamage* single = order.damage.empty() ? nullptr : find_single_damage(order.damage);
  if (!order.damage.empty() && !single) throw std::runtime_error("there is no damage " + order.damage);
  const Choice choice = choice_of(order, single, number);
  const bool plain = order.clean || single != nullptr;
  Page page;
  page.kind = choice.kind->name;
  page.language = choice.language;
  page.scene = order.clean ? "clean" : single ? single->what : choice.scene->name;
  page.name = page.kind + "_" + page.language + "_" + two_digits(number + 1);
  page.psm = choice.kind->psm;
  page.seed = Random::mix(order.seed, page.name);

  const std::optional<Texts> texts = Texts::find(page.language, choice.kind->texts);
  const bool narrow = page.kind == "receipt" || page.kind == "cutting";
  const int size = order.full && !narrow ? 2 : 1;
  const int height = choice.kind->height * size * (order.small ? 2 : 5) / 5;
  const auto set_sheet = [&](std::string_view side) {
    Random random(Random::mix(page.seed, side));
    return choice.kind->set(SheetOrder{*texts, page.language, choice.kind->width * size, height,
                                       plain ? 1 : choice.scene->type_scale,
                                       single  ? single->ruling
                                       : plain ? Ruling::open
                                               : choice.scene->ruling,
                                       single  ? single->rule_weight
                                       : plain ? 1
                                               : choice.scene->rule_weight,
                                       random});
  };
  const Sheet front = set_sheet("front");
  page.text = front.text;
  page.fonts = front.fonts;
  if (order.clean) {
    page.damage.tone = 0;
    page.image = 255 - front.ink;
    return page;
  }
  page.damage =
      single ? drawn(Bed::none, single->ranges, page.seed) : drawn(choice.scene->bed, choice.scene->ranges, page.seed);
  cv::Mat1b back(front.ink.size(), static_cast<unsigned char>(0));
  if (page.damage.bleed > 0) back = set_sheet("back").ink;
  cv::Mat1f facing(1, 1, 1.0F);
  if (page.damage.bed == Bed::facing_page) {
    Damage quiet;
    quiet.tone = page.damage.tone;
    quiet.fibre = page.damage.fibre;
    facing = worn(set_sheet("facing").ink, cv::Mat1b(), quiet, Random::mix(page.seed, "facing"));
  }
  page.image = scanned(worn(front.ink, back, page.damage, page.seed), facing, page.damage, page.seed);
  return page;
}

}  // namespace ocrs::demo
