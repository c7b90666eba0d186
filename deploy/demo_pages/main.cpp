// ocrscreen-demo-pages: writes a small collection of made pages with ground truth into a folder.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "deploy/demo_pages/encode.hpp"
#include "deploy/demo_pages/page.hpp"
#include "deploy/demo_pages/scene.hpp"

namespace ocrs::demo {

namespace {

void write_file(const std::filesystem::path& path, const char* bytes, std::size_t size) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes, static_cast<std::streamsize>(size));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

nlohmann::ordered_json description(const Page& page, const std::string& file) {
  nlohmann::ordered_json damage = nlohmann::ordered_json::object();
  for (const DamageName& entry : damage_names) {
    const double amount = page.damage.*entry.amount;
    if (amount != 0) damage[entry.name] = std::floor(amount * 1e4 + 0.5) / 1e4;
  }
  damage["bed"] = bed_names[static_cast<std::size_t>(page.damage.bed)];
  return {{"name", page.name},         {"file", file},         {"kind", page.kind},   {"scene", page.scene},
          {"language", page.language}, {"psm", page.psm},      {"seed", page.seed},   {"width", page.image.cols},
          {"height", page.image.rows}, {"dpi", dots_per_inch}, {"fonts", page.fonts}, {"damage", damage}};
}

void make_collection(const CollectionOrder& order, const std::filesystem::path& folder, int count) {
  std::filesystem::create_directories(folder);
  nlohmann::ordered_json pages = nlohmann::ordered_json::array();
  for (int number = 0; number < count; ++number) {
    const Page page = make_page(order, number);
    const bool jpeg = page.damage.jpeg > 0;
    const std::string file = page.name + (jpeg ? ".jpg" : ".png");
    const auto bytes = jpeg ? as_jpeg(page.image, static_cast<int>(page.damage.jpeg)) : as_png(page.image);
    write_file(folder / file, reinterpret_cast<const char*>(bytes.data()), bytes.size());
    write_file(folder / (page.name + ".gt.txt"), page.text.data(), page.text.size());
    pages.push_back(description(page, file));
    std::printf("%-24s %4d x %4d  %s\n", file.c_str(), page.image.cols, page.image.rows, page.scene.c_str());
    std::fflush(stdout);
  }
  const nlohmann::ordered_json all{
      {"seed", order.seed}, {"clean", order.clean}, {"damage", order.damage}, {"full", order.full}, {"pages", pages}};
  const std::string text = all.dump(2) + "\n";
  write_file(folder / "pages.json", text.data(), text.size());
}

}  // namespace

}  // namespace ocrs::demo

int main(int argc, char** argv) {
  CLI::App app{"Makes scanned-looking pages with ground truth: NAME.png or .jpg, NAME.gt.txt and pages.json."};
  ocrs::demo::CollectionOrder order;
  order.languages = {"eng", "fra"};
  std::string folder;
  int count = 8;
  std::vector<std::string> known;
  for (const auto& kind : ocrs::demo::kinds()) known.emplace_back(kind.name);
  app.add_option("--out", folder, "folder to write to; made if need be")->required();
  app.add_option("--count", count, "number of pages")->check(CLI::Range(1, 999))->capture_default_str();
  app.add_option("--seed", order.seed, "same seed, same pages")->capture_default_str();
  app.add_option("--kinds", order.kinds, "kinds of page, with commas")->delimiter(',')->check(CLI::IsMember(known));
  app.add_option("--languages", order.languages, "eng, fra, deu (letters and typescripts only)")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>{"eng", "fra", "deu"}))
      ->capture_default_str();
  std::vector<std::string> damages;
  for (const auto& damage : ocrs::demo::single_damages()) damages.emplace_back(damage.name);
  CLI::Option* clean = app.add_flag("--clean", order.clean, "ink on white, no damage");
  app.add_option("--damage", order.damage, "this damage and no other, on otherwise good pages")
      ->check(CLI::IsMember(damages))
      ->excludes(clean);
  CLI::Option* full = app.add_flag("--full", order.full, "whole A4 sheets instead of half as wide");
  app.add_flag("--small", order.small, "sheets two fifths as high, with a few lines")->excludes(full);
  CLI11_PARSE(app, argc, argv);
  try {
    ocrs::demo::make_collection(order, folder, count);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ocrscreen-demo-pages: %s\n", error.what());
    return 2;
  }
  return 0;
}
