#include "coordinator/io/page_set.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "common/io/hash.hpp"
#include "coordinator/io/glob.hpp"
#include "coordinator/io/load_screening.hpp"
#include "coordinator/io/models.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

/// A folder of its own per test; images are texts ("640x480", "3 frames", "broken") that the inspector below reads.
class PageSetTest : public testing::Test {
 protected:
  fs::path folder;
  int inspections = 0;

  void SetUp() override {
    std::string pattern = (fs::path(testing::TempDir()) / "ocrs_pages_XXXXXX").string();
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << bytes;
  }

  PageInspector inspector() {
    return [this](const fs::path& file, std::uint64_t max_pixels) -> Result<PageDescription> {
      ++inspections;
      std::ifstream stream(file, std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(stream), {}};
      PageDescription description;
      if (has(text, "crash")) return Error{file.string() + ": crashed the decoder"};
      if (has(text, "broken")) {
        description.error = "not an image";
        return description;
      }
      unsigned width = 100, height = 200, frames = 1;
      (void)std::sscanf(text.c_str(), "%ux%u frames %u", &width, &height, &frames);
      if (text.starts_with("\x89PNG")) width = 1234;
      if (std::uint64_t{width} * height > max_pixels) {
        description.error = "has more than " + std::to_string(max_pixels) + " pixels";
        return description;
      }
      for (unsigned i = 0; i < frames; ++i) {
        PageFrame frame;
        frame.width = width;
        frame.height = height + i;
        frame.dpi = 150;
        frame.dpi_source = "estimated";
        frame.brightness = 200;
        frame.noise = 3;
        description.frames.push_back(frame);
      }
      return description;
    };
  }

  PageSet found(const std::string& yaml) {
    return find_pages(parse_config(yaml, folder / "s.yaml"), inspector(), folder / "pdf");
  }

  static std::vector<std::string> names(const PageSet& set) {
    std::vector<std::string> all;
    for (const Page& page : set.pages) {
      std::string text;
      for (const std::string& name : page.names) text += (text.empty() ? "" : "+") + name;
      all.push_back(text);
    }
    return all;
  }
};

using Names = std::vector<std::string>;

TEST(Glob, MatchesNames) {
  EXPECT_TRUE(glob_matches("*.png", "a.png"));
  EXPECT_TRUE(glob_matches("*", "a.png"));
  EXPECT_FALSE(glob_matches("*.png", "a.PNG"));
  EXPECT_FALSE(glob_matches("*", ".hidden"));
  EXPECT_TRUE(glob_matches(".*", ".hidden"));
  EXPECT_TRUE(glob_matches("p?.png", "p1.png"));
  EXPECT_TRUE(glob_matches("p?.png", "pé.png")) << "one character, two bytes";
  EXPECT_FALSE(glob_matches("p?.png", "p.png"));
  EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
  EXPECT_FALSE(glob_matches("[!a-c]x", "bx"));
  EXPECT_TRUE(glob_matches("[!a-c]x", "éx"));
  EXPECT_TRUE(glob_matches("[]]x", "]x"));
  EXPECT_TRUE(glob_matches("a[b", "a[b")) << "an open bracket that is never closed";
  EXPECT_TRUE(glob_matches("a*b*c", "aXbXbXc"));
  EXPECT_FALSE(glob_matches("a*b*c", "aXbX"));
  const std::string stars = "*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(glob_matches(stars, std::string(5000, 'a'))) << "and within the time of a test";
}

TEST_F(PageSetTest, ExpandsStarsWithinAFolderAndDoubleStarsAtAnyDepth) {
  for (const char* name : {"a.png", "b/c.png", "b/d/e.png", "b/.hidden/f.png", "b/.g.png"}) write(name, name);
  EXPECT_EQ(names(found("pages: ['*.png']")), Names{"a.png"});
  EXPECT_EQ(names(found("pages: ['**/*.png']")), (Names{"a.png", "b/c.png", "b/d/e.png"}));
  EXPECT_EQ(names(found("pages: ['**']")), (Names{"a.png", "b/c.png", "b/d/e.png"}));
  EXPECT_EQ(names(found("pages: ['b/**']")), (Names{"c.png", "d/e.png"})) << "named from the deepest common folder";
  EXPECT_EQ(names(found("pages: ['*/*.png']")), Names{"c.png"});
  EXPECT_EQ(names(found("pages: ['b/**/**/e.png', 'a.png']")), (Names{"a.png", "b/d/e.png"}));
  EXPECT_EQ(names(found("pages: ['" + folder.string() + "/b/*.png']")), Names{"c.png"}) << "an absolute glob";
  EXPECT_EQ(names(found("pages: ['b/../a.png']")), Names{"a.png"});
}

TEST_F(PageSetTest, FollowsLinksButNotInCircles) {
  write("real/a.png", "1");
  fs::create_directories(folder / "scans/deep");
  fs::create_directory_symlink(folder / "real", folder / "scans/linked");
  fs::create_directory_symlink(folder / "scans", folder / "scans/deep/up");
  write("scans/b.png", "2");
  EXPECT_EQ(names(found("pages: ['scans/**']")), (Names{"b.png", "linked/a.png"}));
}

TEST_F(PageSetTest, SortsBytewiseAndTakesAFileNamedInOddCharactersAsItIs) {
  for (const char* name : {"b.png", "B.png", "a10.png", "a9.png", "é.png", "x[1].png"}) write(name, name);
  EXPECT_EQ(names(found("pages: ['*']")), (Names{"B.png", "a10.png", "a9.png", "b.png", "x[1].png", "é.png"}));
  EXPECT_EQ(names(found("pages: ['x[1].png']")), Names{"x[1].png"});
}

TEST_F(PageSetTest, KnowsImagesByExtensionInAnyCase) {
  for (const char* name : {"a.PNG", "b.Jpg", "c.jpeg", "d.tif", "e.TIFF", "f.jp2", "g.webp", "h.bmp", "i.pnm", "j.pgm",
                           "k.ppm", "l.pbm", "m.gif", "notes.md", "a.gt.txt"}) {
    write(name, name);
  }
  const PageSet set = found("pages: ['*']");
  EXPECT_EQ(set.pages.size(), 12U);
  ASSERT_EQ(set.warnings.size(), 1U);
  EXPECT_TRUE(has(set.warnings[0], "2 files that are no images")) << "ground truth is passed over in silence";
}

TEST_F(PageSetTest, TellsOfEveryGlobThatNamesNothing) {
  write("a.png", "1");
  write("sub/b.txt", "1");
  const PageSet set = found("pages:\n  - a.png\n  - '*.tif'\n  - sub\n  - 'sub/*'\n  - '*.{png,jpg}'\n");
  ASSERT_EQ(set.errors.size(), 4U) << joined(set.errors);
  EXPECT_TRUE(has(set.errors[0], (folder / "s.yaml").string() + ":3: key 'pages': '*.tif' names no image"));
  EXPECT_TRUE(has(set.errors[1], "it is a folder, expected FOLDER/*"));
  EXPECT_TRUE(has(set.errors[2], "among the 1 files it names"));
  EXPECT_TRUE(has(set.errors[3], "braces are plain characters"));
}

TEST_F(PageSetTest, GivesAPageTheOptionsOfTheLastEntryThatNamesItKeyByKey) {
  for (const char* name : {"a.png", "french/b.png", "french/c.png"}) write(name, name);
  const PageSet set = found(R"(pages:
  - "**"
  - {glob: "french/*", languages: fra, psm: 4}
  - {glob: french/c.png, psm: 3, dpi: 400}
ocr: {languages: deu, psm: 11}
)");
  ASSERT_EQ(set.pages.size(), 3U);
  EXPECT_EQ(set.pages[0].spec.languages, "deu");
  EXPECT_EQ(set.pages[0].spec.psm, 11);
  EXPECT_EQ(set.pages[0].spec.dpi, 150);
  EXPECT_EQ(set.pages[0].dpi_source, "estimated");
  EXPECT_EQ(set.pages[1].spec.languages, "fra");
  EXPECT_EQ(set.pages[1].spec.psm, 4);
  EXPECT_EQ(set.pages[2].spec.languages, "fra");
  EXPECT_EQ(set.pages[2].spec.psm, 3);
  EXPECT_EQ(set.pages[2].spec.dpi, 400);
  EXPECT_EQ(set.pages[2].dpi_source, "config");
}

TEST_F(PageSetTest, FindsFramesAndTheirGroundTruth) {
  write("book.tif", "300x400 frames 3");
  write("book.1.gt.txt", "first");
  write("book.3.gt.txt", "\xEF\xBB\xBFthird\r\n");
  write("book.gt.txt", "none of them");
  write("page.png", "10x10");
  write("page.gt.txt", "plain");
  const PageSet set = found("pages: ['*']");
  EXPECT_EQ(joined(set.errors), "");
  EXPECT_EQ(names(set), (Names{"book.tif#1", "book.tif#2", "book.tif#3", "page.png"}));
  EXPECT_EQ(set.pages[2].spec.frame, 2U);
  EXPECT_EQ(set.pages[2].spec.height, 402U);
  EXPECT_EQ(set.pages[0].ground_truth, "first");
  EXPECT_FALSE(set.pages[1].spec.ground_truth);
  EXPECT_EQ(set.pages[2].ground_truth, "third\n") << "without mark and carriage return";
  EXPECT_EQ(set.pages[2].spec.ground_truth, hash_bytes("third\n")) << "line ends and a BOM make no difference";
  EXPECT_EQ(set.pages[3].ground_truth, "plain");
  EXPECT_EQ(set.pages[3].ground_truth_file, folder / "page.gt.txt");
  ASSERT_EQ(set.warnings.size(), 1U);
  EXPECT_TRUE(has(set.warnings[0], "book.gt.txt: not used, since book.tif holds 3 pages"));
}

TEST_F(PageSetTest, TellsOfAllUnreadablePagesAndBadGroundTruthAtOnce) {
  write("a.png", "broken");
  write("b.png", "crash");
  write("c.png", "10x10");
  write("d.png", "20x20");
  write("d.gt.txt", "bad \xC3 byte");
  write("e.png", "90000x90000");
  const PageSet set = found("pages: ['*.png']");
  ASSERT_EQ(set.errors.size(), 4U) << joined(set.errors);
  const std::string told = joined(set.errors);
  EXPECT_TRUE(has(told, "unreadable page: a.png: not an image"));
  EXPECT_TRUE(has(told, "b.png: crashed the decoder"));
  EXPECT_TRUE(has(told, "e.png: has more than 200000000 pixels"));
  EXPECT_TRUE(has(told, "d.gt.txt: byte 0xc3 at offset 4"));
}

TEST_F(PageSetTest, LeavesUnreadablePagesOutWhenToldTo) {
  write("a.png", "broken");
  write("c.png", "10x10");
  const PageSet set = found("pages: ['*.png']\npages_unreadable: skip");
  EXPECT_EQ(joined(set.errors), "");
  EXPECT_EQ(names(set), Names{"c.png"});
  EXPECT_EQ(set.skipped, Names{"a.png: not an image"});
  const PageSet none = found("pages: [a.png]\npages_unreadable: skip");
  ASSERT_EQ(none.errors.size(), 1U);
  EXPECT_TRUE(has(none.errors[0], "no readable page\n  a.png: not an image"));
}

TEST_F(PageSetTest, ReadsEqualBytesOnceUnderAllTheirNames) {
  write("z/copy.png", "10x10");
  write("a/page.png", "10x10");
  write("b.png", "20x20");
  const PageSet set = found("pages: ['**']");
  EXPECT_EQ(names(set), (Names{"a/page.png+z/copy.png", "b.png"}));
  EXPECT_EQ(inspections, 2);
  EXPECT_TRUE(set.warnings.empty());
}

TEST_F(PageSetTest, KeepsEqualBytesApartWhenOptionsOrGroundTruthDiffer) {
  for (const char* name : {"a.png", "b.png", "c.png", "d.png", "e.png"}) write(name, "10x10");
  write("b.gt.txt", "text");
  write("d.gt.txt", "text\r\n");
  write("e.gt.txt", "text\n");
  const PageSet set = found("pages: ['*.png', {glob: c.png, psm: 3}]");
  EXPECT_EQ(names(set), (Names{"a.png", "b.png", "c.png", "d.png+e.png"})) << "line ends make no difference";
  ASSERT_EQ(set.warnings.size(), 3U) << joined(set.warnings);
  EXPECT_TRUE(has(set.warnings[0], "b.png is the same image as a.png, but its options or its ground truth differ"));
  EXPECT_EQ(inspections, 1);
}

TEST_F(PageSetTest, TakesAStratifiedSampleThatDependsOnTheSeed) {
  for (int i = 0; i < 40; ++i) write("p" + std::to_string(10 + i) + ".png", std::to_string(100 + i) + "x1000");
  const PageSet sample = found("pages: ['*.png']\npages_sample: {count: 4, seed: 5}");
  ASSERT_EQ(sample.pages.size(), 4U);
  // All pages have one brightness and noise: the strata are quarters of the sizes.
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((sample.pages[i].spec.width - 100) / 10, i);
  EXPECT_EQ(names(sample), names(found("pages: ['*.png']\npages_sample: {count: 4, seed: 5}")));
  bool differs = false;
  for (int seed = 6; seed < 10; ++seed) {
    differs |=
        names(sample) != names(found("pages: ['*.png']\npages_sample: {count: 4, seed: " + std::to_string(seed) + "}"));
  }
  EXPECT_TRUE(differs);
  EXPECT_EQ(found("pages: ['*.png']\npages_sample: {count: 400}").pages.size(), 40U);
}

TEST_F(PageSetTest, RefusesNamesThatAreNoText) {
  write("bad\xFFname.png", "10x10");
  const PageSet set = found("pages: ['*.png']");
  ASSERT_EQ(set.errors.size(), 1U);
  EXPECT_TRUE(has(set.errors[0], "its name is not plain UTF-8 text"));
}

/// A PDF of two blank pages, 72 by 144 points.
std::string two_page_pdf() {
  std::vector<std::string> objects = {"<< /Type /Catalog /Pages 2 0 R >>",
                                      "<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
                                      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 144] >>",
                                      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 144] >>"};
  std::string pdf = "%PDF-1.4\n";
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    offsets.push_back(pdf.size());
    pdf += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::size_t table = pdf.size();
  pdf += "xref\n0 5\n0000000000 65535 f \n";
  for (const std::size_t offset : offsets) {
    const std::string digits = std::to_string(offset);
    pdf += std::string(10 - digits.size(), '0') + digits + " 00000 n \n";
  }
  return pdf + "trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n" + std::to_string(table) + "\n%%EOF\n";
}

TEST_F(PageSetTest, RendersThePagesOfAPdfAt300Dpi) {
  if (::access("/usr/bin/pdftoppm", X_OK) != 0) GTEST_SKIP() << "pdftoppm is not installed";
  write("report.pdf", two_page_pdf());
  write("report.2.gt.txt", "blank");
  const PageSet set = found("pages: [report.pdf]");
  EXPECT_EQ(joined(set.errors), "");
  // Both pages are blank and of one size, hence equal bytes; ground truth keeps them apart.
  EXPECT_EQ(names(set), (Names{"report.pdf#1", "report.pdf#2"}));
  EXPECT_EQ(set.pages[1].ground_truth, "blank");
  std::ifstream png(set.pages[0].file, std::ios::binary);
  std::string header(24, '\0');
  png.read(header.data(), 24);
  ASSERT_EQ(header.substr(1, 3), "PNG");
  EXPECT_EQ(static_cast<unsigned char>(header[18]) * 256 + static_cast<unsigned char>(header[19]), 300) << "width";
  EXPECT_EQ(static_cast<unsigned char>(header[22]) * 256 + static_cast<unsigned char>(header[23]), 600) << "height";
  const auto rendered_at = fs::last_write_time(set.pages[0].file);
  EXPECT_EQ(fs::last_write_time(found("pages: [report.pdf]").pages[0].file), rendered_at) << "rendered once only";
}

TEST_F(PageSetTest, NamesThePdfThatIsNone) {
  if (::access("/usr/bin/pdftoppm", X_OK) != 0) GTEST_SKIP() << "pdftoppm is not installed";
  write("a.pdf", "no PDF at all");
  const PageSet set = found("pages: [a.pdf]");
  ASSERT_EQ(set.errors.size(), 1U);
  EXPECT_TRUE(has(set.errors[0], "a.pdf: pdftoppm ended with exit status 1")) << set.errors[0];
}

/// Sets a variable for the time of a test.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* old = ::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

TEST_F(PageSetTest, NamesPdftoppmWhenItIsNotInstalled) {
  write("a.pdf", two_page_pdf());
  const Environment path("PATH", folder.string());
  const PageSet set = found("pages: [a.pdf]");
  ASSERT_EQ(set.errors.size(), 1U);
  EXPECT_TRUE(has(set.errors[0], "a PDF needs pdftoppm, which is not installed"));
}

// ---- models, and everything put together ----

TEST_F(PageSetTest, FindsModelsAndNamesTheDebianPackageOfAMissingOne) {
  write("tessdata/eng.traineddata", "english");
  write("tessdata/chi_sim.traineddata", "chinese");
  const Environment prefix("TESSDATA_PREFIX", folder.string());
  EXPECT_EQ(tessdata_folder(), folder / "tessdata");
  const ResolvedModels good = resolve_models({"chi_sim", "eng"}, tessdata_folder());
  ASSERT_EQ(good.models.size(), 2U);
  EXPECT_EQ(good.models[1], (ModelRef{"eng", hash_bytes("english"), 7}));
  const ResolvedModels bad = resolve_models({"chi_tra", "eng", "script/Latin"}, tessdata_folder());
  ASSERT_EQ(bad.missing.size(), 2U);
  EXPECT_EQ(bad.missing[0].language, "chi_tra");
  EXPECT_TRUE(has(bad.missing[0].text, (folder / "tessdata/chi_tra.traineddata").string()));
  EXPECT_TRUE(has(bad.missing[0].text, "tesseract-ocr-chi-tra"));
  EXPECT_TRUE(has(bad.missing[1].text, "tesseract-ocr-script-latin"));
}

TEST(Models, AreThePartsOfAllLanguagesAndOsdWhereTheModeNeedsIt) {
  PageSpec first;
  first.languages = "fra+eng";
  PageSpec second;
  second.languages = "eng+deu";
  EXPECT_EQ(needed_models({first, second}), (std::set<std::string>{"deu", "eng", "fra"}));
  second.psm = 1;
  EXPECT_TRUE(needed_models({first, second}).contains("osd"));
}

TEST_F(PageSetTest, LoadsAScreeningFromConfigurationPagesAndModels) {
  write("tessdata/eng.traineddata", "english");
  write("tessdata/fra.traineddata", "french");
  write("scans/a.png", "10x10");
  write("scans/b.png", "20x20");
  write("scans/b.gt.txt", "text");
  const std::string yaml =
      "screening: Test\npages: ['scans/*', {glob: scans/b.png, languages: fra}]\ndesign: {points: 64}\n";
  write("s.yaml", yaml);
  const Environment prefix("TESSDATA_PREFIX", (folder / "tessdata").string());
  std::vector<std::string> warnings;
  const Screening screening = load_screening(folder / "s.yaml", inspector(), warnings);
  EXPECT_EQ(screening.title, "Test");
  EXPECT_EQ(screening.design.points, 64U);
  EXPECT_EQ(screening.config_text, yaml);
  EXPECT_EQ(screening.tessdata, folder / "tessdata");
  ASSERT_EQ(screening.models.size(), 2U);
  ASSERT_EQ(screening.pages.size(), 2U);
  EXPECT_EQ(screening.pages[1].spec.languages, "fra");
  EXPECT_TRUE(has(joined(warnings), "only 1 of 2 pages have ground truth")) << joined(warnings);

  // The same from another working directory and by a relative path.
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  const Screening again = load_screening("s.yaml", inspector(), warnings);
  fs::current_path(before);
  EXPECT_EQ(identity_text(again), identity_text(screening));
}

TEST_F(PageSetTest, TellsPagesGroundTruthAndModelsTogether) {
  write("a.png", "broken");
  write("b.png", "10x10");
  write("b.gt.txt", "\xFF");
  write("s.yaml", "pages: ['*.png', '*.tif']\nocr: {languages: xyz}\n");
  fs::create_directories(folder / "tessdata");
  const Environment prefix("TESSDATA_PREFIX", (folder / "tessdata").string());
  std::vector<std::string> warnings;
  try {
    (void)load_screening(folder / "s.yaml", inspector(), warnings);
    FAIL();
  } catch (const StartupError& error) {
    EXPECT_TRUE(has(error.what(), "'*.tif' names no image"));
    EXPECT_TRUE(has(error.what(), "a.png: not an image"));
    EXPECT_TRUE(has(error.what(), "b.gt.txt: byte 0xff at offset 0"));
    EXPECT_TRUE(has(error.what(), "s.yaml:2: key 'ocr.languages': ")) << error.what();
    EXPECT_TRUE(has(error.what(), "xyz.traineddata"));
  }
}

TEST_F(PageSetTest, RegressionTellsWhereTheConfigurationAsksForAMissingModel) {
  write("b.png", "10x10");
  write("tessdata/eng.traineddata", "english");
  write("s.yaml", "pages:\n  - '*.png'\n  - {glob: b.png, languages: eng+xyz}\nocr:\n  languages: eng\n  psm: 1\n");
  const Environment prefix("TESSDATA_PREFIX", folder.string());
  std::vector<std::string> warnings;
  try {
    (void)load_screening(folder / "s.yaml", inspector(), warnings);
    FAIL();
  } catch (const StartupError& error) {
    EXPECT_TRUE(has(error.what(), "s.yaml:3: key 'pages.languages': ")) << error.what();
    EXPECT_TRUE(has(error.what(), "s.yaml:6: key 'ocr.psm': ")) << error.what();
  }
}

TEST_F(PageSetTest, RefusesAnObjectiveThatNeedsGroundTruthNoPageHas) {
  write("b.png", "10x10");
  write("tessdata/eng.traineddata", "english");
  write("s.yaml", "pages: ['*.png']\nobjective: cer\n");
  const Environment prefix("TESSDATA_PREFIX", folder.string());
  std::vector<std::string> warnings;
  try {
    (void)load_screening(folder / "s.yaml", inspector(), warnings);
    FAIL();
  } catch (const StartupError& error) {
    EXPECT_TRUE(has(error.what(), "s.yaml:2: key 'objective'")) << error.what();
  }
}

TEST(PageSetOfRealPages, FindsTheSharedPagesWithTheirGroundTruth) {
  const char* variable = ::getenv("OCRS_PAGES");
  const fs::path pages = variable ? fs::path(variable) : fs::path(OCRS_SOURCE_DIR) / ".." / "shared" / "pages";
  if (!fs::is_directory(pages)) GTEST_SKIP() << "no example pages; set OCRS_PAGES to their folder";
  const ConfigFile config = parse_config("pages: ['" + (pages / "*").string() + "']", "s.yaml");
  const PageSet set = find_pages(config, [](const fs::path&, std::uint64_t) -> Result<PageDescription> {
    PageDescription description;
    description.frames.push_back({100, 100, 300, "tag", 128, 2});
    return description;
  });
  EXPECT_EQ(joined(set.errors), "");
  EXPECT_GE(set.pages.size(), 24U);
  for (const Page& page : set.pages) EXPECT_FALSE(page.ground_truth.empty()) << page.names.front();
}

}  // namespace
}  // namespace ocrs
