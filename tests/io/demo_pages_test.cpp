// The built ocrscreen-demo-pages, its files read back by OpenCV, and its undamaged pages by the tesseract command.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <set>
#include <stdexcept>
#include <string>

#include "common/core/text_scores.hpp"
#include "tests/support/scratch_dir.hpp"

namespace {

using nlohmann::json;
using ocrs::test::ScratchDir;

struct Outcome {
  int status = 0;
  std::string output;
};

Outcome run(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  Outcome result;
  std::array<char, 4096> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    result.output.append(buffer.data(), got);
  }
  result.status = ::pclose(pipe);
  return result;
}

Outcome make_pages(const std::filesystem::path& folder, const std::string& arguments) {
  return run("'" OCRS_DEMO_PAGES_PROGRAM "' --out '" + folder.string() + "' " + arguments + " 2>&1");
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

json listed_pages(const std::filesystem::path& folder) { return json::parse(content(folder / "pages.json"))["pages"]; }

cv::Mat picture(const std::filesystem::path& folder, const json& page) {
  return cv::imread((folder / page["file"].get<std::string>()).string(), cv::IMREAD_UNCHANGED);
}

bool same_pixels(const cv::Mat& a, const cv::Mat& b) {
  return !a.empty() && a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(DemoPages, MakesTheSamePixelsAndTextsFromTheSameSeedWhateverTheCount) {
  const ScratchDir folder;
  ASSERT_EQ(make_pages(folder / "a", "--count 7 --seed 5").status, 0);
  ASSERT_EQ(make_pages(folder / "b", "--count 4 --seed 5").status, 0);
  const json more = listed_pages(folder / "a");
  const json fewer = listed_pages(folder / "b");
  ASSERT_EQ(more.size(), 7U);
  ASSERT_EQ(fewer.size(), 4U);
  for (std::size_t i = 0; i < fewer.size(); ++i) {
    EXPECT_EQ(more[i], fewer[i]);
    EXPECT_TRUE(same_pixels(picture(folder / "a", more[i]), picture(folder / "b", fewer[i]))) << fewer[i]["name"];
    const std::string truth = fewer[i]["name"].get<std::string>() + ".gt.txt";
    EXPECT_EQ(content(folder / "a" / truth), content(folder / "b" / truth));
  }
}

TEST(DemoPages, MakesOtherPagesFromAnotherSeed) {
  const ScratchDir folder;
  ASSERT_EQ(make_pages(folder / "a", "--count 2 --seed 5").status, 0);
  ASSERT_EQ(make_pages(folder / "b", "--count 2 --seed 6").status, 0);
  const json one = listed_pages(folder / "a");
  const json other = listed_pages(folder / "b");
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_FALSE(same_pixels(picture(folder / "a", one[i]), picture(folder / "b", other[i]))) << one[i]["name"];
    const std::string truth = one[i]["name"].get<std::string>() + ".gt.txt";
    EXPECT_NE(content(folder / "a" / truth), content(folder / "b" / truth));
  }
}

TEST(DemoPages, WritesForEveryPageAGreyPictureAndUtf8TextAndTellsWhatWasDoneToIt) {
  const ScratchDir folder;
  ASSERT_EQ(make_pages(folder.path(), "--count 26").status, 0);
  const json pages = listed_pages(folder.path());
  ASSERT_EQ(pages.size(), 26U);
  std::set<std::string> names;
  std::set<std::string> kinds;
  std::set<std::string> kinds_and_languages;
  for (const json& page : pages) {
    const std::string name = page["name"];
    names.insert(name);
    kinds.insert(page["kind"]);
    kinds_and_languages.insert(page["kind"].get<std::string>() + page["language"].get<std::string>());
    const cv::Mat image = picture(folder.path(), page);
    ASSERT_FALSE(image.empty()) << name;
    EXPECT_EQ(image.type(), CV_8UC1) << name;
    EXPECT_EQ(image.cols, page["width"]) << name;
    EXPECT_EQ(image.rows, page["height"]) << name;
    const auto truth = ocrs::checked_ground_truth(content(folder / (name + ".gt.txt")));
    ASSERT_TRUE(truth.ok()) << name;
    EXPECT_GT(truth.value().size(), 150U) << name;
    EXPECT_FALSE(page["damage"].empty()) << name;
    EXPECT_FALSE(page["fonts"].empty()) << name;
  }
  EXPECT_EQ(names.size(), 26U);
  EXPECT_EQ(kinds, (std::set<std::string>{"cutting", "form", "letter", "newspaper", "receipt", "table", "typescript"}));
  EXPECT_EQ(kinds_and_languages.size(), 2 * kinds.size());
}

TEST(DemoPages, SaysInItsFilesThatAnInchHas300Dots) {
  const ScratchDir folder;
  ASSERT_EQ(make_pages(folder.path(), "--count 2").status, 0);
  for (const json& page : listed_pages(folder.path())) {
    const std::string bytes = content(folder / page["file"].get<std::string>());
    if (page["file"].get<std::string>().ends_with(".png")) {
      // 11811 dots a metre (0x2e23), both ways, unit metre (PNG specification, 11.3.5.3).
      EXPECT_NE(bytes.find(std::string("\0\0\0\x09pHYs\0\0\x2e\x23\0\0\x2e\x23\x01", 17)), std::string::npos);
    } else {
      EXPECT_EQ(bytes.substr(13, 5), std::string("\x01\x01\x2c\x01\x2c", 5));  // dots per inch, 300 × 300 (JFIF 1.02)
    }
  }
}

TEST(DemoPages, LeavesUndamagedPagesThatTesseractReadsWithFewerThanThreeErrorsInAHundred) {
  const ScratchDir folder;
  ASSERT_EQ(make_pages(folder.path(), "--clean --count 11").status, 0);
  std::set<std::string> kinds;
  for (const json& page : listed_pages(folder.path())) {
    const std::string name = page["name"];
    kinds.insert(page["kind"]);
    const Outcome reading =
        run("OMP_THREAD_LIMIT=1 tesseract '" + (folder / page["file"].get<std::string>()).string() + "' - --psm " +
            std::to_string(page["psm"].get<int>()) + " -l " + page["language"].get<std::string>() + " 2>/dev/null");
    ASSERT_EQ(reading.status, 0) << "tesseract with its models is needed to read " << name;
    const ocrs::Reference truth(content(folder / (name + ".gt.txt")), ocrs::Folding{false, true, true});
    EXPECT_LT(ocrs::compare(reading.output, truth).cer, 0.03) << name << " was read as:\n" << reading.output;
  }
  EXPECT_EQ(kinds.size(), 7U) << "every kind of page is among them";
}

TEST(DemoPages, GivesPagesOneDamageAndNoOther) {
  const ScratchDir folder;
  // Paper is never quite white, and less contrast alone harms no reading.
  const std::map<std::string, std::set<std::string>> expected = {
      {"noise", {"bed", "contrast_lost", "noise", "paper_tone"}}, {"shade", {"bed", "paper_tone", "shade"}}};
  for (const auto& [name, damages] : expected) {
    ASSERT_EQ(make_pages(folder / name, "--small --count 2 --kinds receipt,letter --damage " + name).status, 0);
    for (const json& page : listed_pages(folder / name)) {
      std::set<std::string> told;
      for (const auto& [damage, amount] : page["damage"].items()) told.insert(damage);
      EXPECT_EQ(told, damages);
      EXPECT_EQ(page["damage"]["bed"], "none");
      EXPECT_LE(page["height"], 760) << "small sheets are two fifths as high";
    }
  }
  ASSERT_EQ(make_pages(folder / "rules", "--small --count 2 --damage rules").status, 0);
  for (const json& page : listed_pages(folder / "rules")) {
    EXPECT_TRUE(page["kind"] == "form" || page["kind"] == "table") << page["kind"];
  }
  const Outcome ruled = make_pages(folder / "letters", "--kinds letter --damage rules");
  EXPECT_NE(ruled.status, 0);
  EXPECT_NE(ruled.output.find("forms and tables"), std::string::npos) << ruled.output;
  EXPECT_NE(make_pages(folder / "both", "--clean --damage noise").status, 0);
  EXPECT_NE(make_pages(folder / "unknown", "--damage mould").status, 0);
}

TEST(DemoPages, MakesOnlyTheKindsAndLanguagesAskedFor) {
  const ScratchDir folder;
  ASSERT_EQ(make_pages(folder.path(), "--count 5 --kinds table,letter --languages fra").status, 0);
  std::set<std::string> kinds;
  for (const json& page : listed_pages(folder.path())) {
    kinds.insert(page["kind"]);
    EXPECT_EQ(page["language"], "fra");
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"letter", "table"}));
}

TEST(DemoPages, RefusesWhatItCannotMakeAndNamesIt) {
  const ScratchDir folder;
  const Outcome unknown = make_pages(folder / "a", "--kinds postcard");
  EXPECT_NE(unknown.status, 0);
  EXPECT_NE(unknown.output.find("postcard"), std::string::npos) << unknown.output;
  const Outcome untold = make_pages(folder / "b", "--kinds receipt --languages deu");
  EXPECT_NE(untold.status, 0);
  EXPECT_NE(untold.output.find("no texts"), std::string::npos) << untold.output;
  std::ofstream(folder / "file") << "in the way";
  const Outcome blocked = make_pages(folder / "file", "--count 1");
  EXPECT_NE(blocked.status, 0);
  EXPECT_NE(blocked.output.find("file"), std::string::npos) << blocked.output;
}

}  // namespace
