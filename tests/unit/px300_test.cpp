// A setting in px300 means the same on a 150-dpi and a 600-dpi scan of one page: the lengths follow the resolution
// tags, and what a stage makes of the two scans agrees once the finer one is reduced. In plain pixels it does not.
#include <gtest/gtest.h>

#include <iostream>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "tests/support/image_bytes.hpp"
#include "tests/support/one_stage.hpp"
#include "tests/support/pipeline_images.hpp"
#include "worker/pipeline/page_decoder.hpp"

namespace ocrs {
namespace {

using std::int64_t;

/// As a scanner would write it: a grey TIFF with its resolution.
DecodedPage scan(const cv::Mat& grey, std::uint32_t dpi) {
  const std::vector<TiffPage::Entry> resolution = {{282, 5, {dpi, 1}}, {283, 5, {dpi, 1}}, {296, 3, {2}}};
  return decode_page(tiff_bytes({tiff_page(grey, 1, resolution, false)}, false), 0, 100'000'000).value();
}

/// 3 x 2 inches at 600 dpi, as sharp as a scanner sees it: print, a long and a short rule (2.8 and 0.73 inches), one
/// down the page, blocks of 0.2 inches; with a shadow to the right and a stain, or on white paper.
cv::Mat sheet(bool white_paper = false) {
  cv::Mat page(1200, 1800, CV_8UC1, cv::Scalar(255));
  if (!white_paper) {
    for (int x = 0; x < page.cols; ++x) page.col(x).setTo(235 - 110 * x / page.cols);
    cv::circle(page, {420, 860}, 190, cv::Scalar(150), cv::FILLED);
    cv::GaussianBlur(page, page, {0, 0}, 24);
  }
  for (int y = 130; y < page.rows; y += 240) {
    cv::putText(page, "Sphinx of black quartz, judge 0123", {40, y}, cv::FONT_HERSHEY_SIMPLEX, 2.6, cv::Scalar(30), 7);
  }
  for (int i = 0; i < 20; ++i) {
    cv::rectangle(page, cv::Rect(90 + 160 * (i % 10), i < 10 ? 190 : 670, 120, 120), cv::Scalar(30), cv::FILLED);
  }
  cv::line(page, {60, 450}, {1740, 450}, cv::Scalar(20), 8);
  cv::line(page, {200, 920}, {640, 920}, cv::Scalar(20), 8);
  cv::line(page, {1780, 60}, {1780, 1140}, cv::Scalar(20), 8);
  cv::GaussianBlur(page, page, {0, 0}, 5);
  return page;
}

cv::Mat reduced(const cv::Mat& image, cv::Size size) {
  cv::Mat out;
  cv::resize(image, out, size, 0, 0, cv::INTER_AREA);
  return out;
}

class Px300 : public testing::Test {
 protected:
  DecodedPage fine = scan(sheet(), 600);
  DecodedPage coarse = scan(reduced(sheet(), {450, 300}), 150);
  void on_white_paper() {
    fine = scan(sheet(true), 600);
    coarse = scan(reduced(sheet(true), {450, 300}), 150);
  }

  /// Mean difference in grey levels between the stage's output on the coarse scan and its reduced output on the fine.
  [[nodiscard]] double difference(OneStage& stage, const NamedValues& values) const {
    const cv::Mat of_coarse = stage.run(values, coarse.grey, coarse.tag_dpi.value());
    const cv::Mat of_fine = reduced(stage.run(values, fine.grey, fine.tag_dpi.value()), of_coarse.size());
    return cv::norm(of_fine, of_coarse, cv::NORM_L1) / static_cast<double>(of_coarse.total());
  }
  [[nodiscard]] std::string text(OneStage& stage, const NamedValues& values, const DecodedPage& page) const {
    const auto params = stage.params(values, page.grey, page.tag_dpi.value());
    return params ? params->text() : "off";
  }
  /// The stage agrees within `tolerance` levels in px300, and in px is at least 2.5 times as far apart.
  void expect_agreement(const std::string& id, const NamedValues& values, double tolerance) {
    OneStage paper(id);
    OneStage pixels(id, FactorUnit::px);
    const double in_px300 = difference(paper, values), in_px = difference(pixels, values);
    std::cout << id << ": " << in_px300 << " levels apart in px300, " << in_px << " in px\n";
    EXPECT_LT(in_px300, tolerance) << id;
    EXPECT_GT(in_px, 2.5 * tolerance) << id << ": the test must be able to tell the two apart";
  }
};

TEST_F(Px300, ResolutionsComeFromTheTagsOfTheScans) {
  EXPECT_EQ(fine.tag_dpi, 600);
  EXPECT_EQ(coarse.tag_dpi, 150);
}

TEST_F(Px300, LinesHaveTheSameLengthOnPaper) {
  on_white_paper();  // painting whitens a margin of two pixels whatever they are worth
  const NamedValues values{{"lines", std::string("paint")}, {"line_h", int64_t{75}}, {"line_v", int64_t{85}}};
  OneStage stage("open.lines"), pixels("open.lines", FactorUnit::px);
  EXPECT_EQ(text(stage, values, fine), "(paint,h=150,v=170)");
  EXPECT_EQ(text(stage, values, coarse), "(paint,h=38,v=43)") << "37.5 and 42.5, halves away from 0";
  EXPECT_EQ(text(pixels, values, fine), text(pixels, values, coarse));
  expect_agreement("open.lines", values, 1.0);
}

TEST_F(Px300, InpaintedLinesHaveTheSameLengthOnPaper) {
  // Parameters only: inpainting goes on with the pixels just outside of the mask, and how far a rule's soft edge
  // reaches beyond it depends on the resolution.
  const NamedValues values{{"lines", std::string("inpaint")}, {"line_h", int64_t{75}}, {"line_v", int64_t{85}}};
  OneStage stage("open.lines");
  EXPECT_EQ(text(stage, values, fine), "(inpaint,h=150,v=170)");
  EXPECT_EQ(text(stage, values, coarse), "(inpaint,h=38,v=43)");
}

TEST_F(Px300, TheDividedBackgroundHasTheSameSizeOnPaper) {
  const NamedValues values{{"background", std::string("divide")}, {"norm_kernel", int64_t{45}}};
  OneStage stage("open.background"), pixels("open.background", FactorUnit::px);
  EXPECT_EQ(text(stage, values, fine), "(divide,kernel=181)") << "2 * 90 + 1";
  EXPECT_EQ(text(stage, values, coarse), "(divide,kernel=47)") << "2 * round(22.5) + 1";
  EXPECT_EQ(text(pixels, values, coarse), "(divide,kernel=91)");
  expect_agreement("open.background", values, 1.5);
}

TEST_F(Px300, TheFlattenedBackgroundHasTheSameSizeOnPaper) {
  const NamedValues values{
      {"background", std::string("flatten")}, {"bg_dilate", int64_t{14}}, {"bg_blur", int64_t{45}}};
  OneStage stage("open.background");
  EXPECT_EQ(text(stage, values, fine), "(flatten,dilate=29,blur=91)") << "28 and 90, made odd upwards";
  EXPECT_EQ(text(stage, values, coarse), "(flatten,dilate=7,blur=23)") << "7, and 22.5 rounded to 23";
  expect_agreement("open.background", values, 3.0);
}

TEST_F(Px300, AdaptiveBlocksHaveTheSameSizeOnPaper) {
  const NamedValues values{{"binarise", std::string("adaptive")}, {"bin_block", int64_t{31}}, {"bin_c", 10.0}};
  OneStage stage("open.binarise");
  EXPECT_EQ(text(stage, values, fine), "(adaptive,block=125,c=10)");
  EXPECT_EQ(text(stage, values, coarse), "(adaptive,block=33,c=10)") << "2 * round(15.5) + 1";
  expect_agreement("open.binarise", values, 9.0);  // a black and white edge falls half a coarse pixel here or there
}

TEST_F(Px300, SauvolaWindowsHaveTheSameSizeOnPaper) {
  const NamedValues values{{"binarise", std::string("sauvola")}, {"sauvola_window", int64_t{25}}, {"sauvola_k", 0.3}};
  OneStage stage("open.binarise");
  EXPECT_EQ(text(stage, values, fine), "(sauvola,n=50,k=0.3)");
  EXPECT_EQ(text(stage, values, coarse), "(sauvola,n=13,k=0.3)") << "12.5";
  expect_agreement("open.binarise", values, 7.0);
}

TEST_F(Px300, EveryLengthOfOpenIsOneOnPaper) {
  for (const StageSpec& stage : find_pipeline("open")->stages) {
    for (const StageFactor& owned : stage.factors) {
      const std::string& name = owned.factor.name;
      const bool length = name.starts_with("line_") || name.starts_with("bg_") || name == "norm_kernel" ||
                          name == "bin_block" || name == "sauvola_window";
      EXPECT_EQ(owned.factor.unit == FactorUnit::px300, length) << name;
    }
  }
}

}  // namespace
}  // namespace ocrs
