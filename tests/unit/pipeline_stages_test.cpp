// Every stage against plain OpenCV calls, or for Sauvola and the stretch against a straight-line computation.
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/photo.hpp>

#include "tests/support/one_stage.hpp"
#include "tests/support/pipeline_images.hpp"
#include "tests/support/shared_pages.hpp"

namespace ocrs {
namespace {

using std::int64_t;

/// Calls `check` with every test image and crops of real pages, and sees that none was written to.
template <class Check>
void on_all_images(Check check) {
  auto images = test_images();
  if (const auto pages = shared_pages()) {
    for (const char* name : {"tap_bordes_19.jpg", "sroie_031.jpg"}) {
      const cv::Mat page = cv::imread((*pages / name).string(), cv::IMREAD_GRAYSCALE);
      if (page.cols > 700 && page.rows > 700) images.emplace_back(name, page(cv::Rect(300, 350, 260, 190)));
    }
  }
  for (const auto& [name, image] : images) {
    SCOPED_TRACE(name);
    const cv::Mat before = image.clone();
    check(image);
    EXPECT_TRUE(same_pixels(before, image)) << "the stage wrote to its input";
  }
}

cv::Mat mask_of(const cv::Mat& grey, int h, int v, int dilations) {
  cv::Mat dark, rows, columns, mask;
  cv::threshold(grey, dark, 0, 255, cv::THRESH_BINARY_INV + cv::THRESH_OTSU);
  cv::morphologyEx(dark, rows, cv::MORPH_OPEN, cv::Mat::ones(1, h, CV_8U), {-1, -1}, 2);
  cv::morphologyEx(dark, columns, cv::MORPH_OPEN, cv::Mat::ones(v, 1, CV_8U), {-1, -1}, 2);
  mask = rows + columns;
  cv::dilate(mask, mask, cv::Mat::ones(3, 3, CV_8U), {-1, -1}, dilations);
  return mask;
}

cv::Mat painted(const cv::Mat& grey, const cv::Mat& mask) {
  cv::Mat out = grey.clone();
  for (int y = 0; y < out.rows; ++y) {
    for (int x = 0; x < out.cols; ++x) {
      if (mask.at<uchar>(y, x) != 0) out.at<uchar>(y, x) = 255;
    }
  }
  return out;
}

/// Of a single row or column, which cv::inpaint reads beside, the doubled one's.
cv::Mat inpainted_by_opencv(const cv::Mat& grey, const cv::Mat& mask) {
  cv::Mat image = grey, where = mask, out;
  if (grey.rows == 1) cv::vconcat(image, image, image), cv::vconcat(where, where, where);
  if (grey.cols == 1) cv::hconcat(image, image, image), cv::hconcat(where, where, where);
  cv::inpaint(image, where, out, 3, cv::INPAINT_TELEA);
  return out(cv::Rect(0, 0, grey.cols, grey.rows)).clone();
}

cv::Mat flat_by_hand(const cv::Mat& grey, int dilate, int blur) {
  cv::Mat background, difference, out;
  cv::dilate(grey, background, cv::Mat::ones(dilate, dilate, CV_8U));
  cv::medianBlur(background, background, blur);
  cv::absdiff(grey, background, difference);
  difference = 255 - difference;
  cv::normalize(difference, out, 0, 255, cv::NORM_MINMAX, CV_8UC1);
  return out;
}

TEST(StandardStages, RemoveLinesPaintsWhatTheTwoOpeningsKeep) {
  OneStage stage("standard.remove_lines");
  on_all_images([&](const cv::Mat& image) {
    for (const auto& [h, v, d] : {std::tuple(30, 40, 2), std::tuple(45, 61, 0), std::tuple(70, 120, 3)}) {
      const NamedValues values{{"line_h", int64_t{h}}, {"line_v", int64_t{v}}, {"dilate_iter", int64_t{d}}};
      EXPECT_TRUE(same_pixels(stage.run(values, image), painted(image, mask_of(image, h, v, d)))) << h << ' ' << v;
    }
  });
}

TEST(StandardStages, RemoveLinesTakesRulesAwayAndLeavesTextAlone) {
  OneStage stage("standard.remove_lines");
  const cv::Mat page = drawn_page(400, 300, 1);
  const cv::Mat out = stage.run({{"line_h", int64_t{60}}, {"line_v", int64_t{80}}, {"dilate_iter", int64_t{2}}}, page);
  EXPECT_EQ(out.at<uchar>(100, 30), 255) << "on the horizontal rule";
  EXPECT_EQ(out.at<uchar>(200, 200), 255) << "on the vertical rule";
  EXPECT_EQ(cv::norm(out(cv::Rect(0, 30, 150, 60)), page(cv::Rect(0, 30, 150, 60)), cv::NORM_INF), 0);
}

TEST(StandardStages, NormaliseDividesByTheEightBitBlur) {
  OneStage stage("standard.normalise");
  on_all_images([&](const cv::Mat& image) {
    for (const int n : {0, 1, 20, 75}) {
      cv::Mat blur, expected;
      cv::GaussianBlur(image, blur, {2 * n + 1, 2 * n + 1}, 0);
      cv::divide(image, blur, expected, 255);
      EXPECT_TRUE(same_pixels(stage.run({{"norm_kernel", int64_t{n}}}, image), expected)) << n;
    }
  });
}

TEST(StandardStages, DenoiseChoosesItsWindowByTheNoise) {
  OneStage stage("standard.denoise");
  on_all_images([&](const cv::Mat& image) {
    cv::Mat laplacian, expected;
    cv::Laplacian(image, laplacian, CV_64F);
    cv::Scalar mean, deviation;
    cv::meanStdDev(laplacian, mean, deviation);
    const double variance = deviation[0] * deviation[0];
    for (const double threshold : {20.0, 500.0, 1e6}) {
      const int window = variance < threshold ? 15 : 21;
      cv::fastNlMeansDenoising(image, expected, 7.3F, 7, window);
      const NamedValues values{{"denoise_h", 7.3}, {"noise_threshold", threshold}};
      EXPECT_TRUE(same_pixels(stage.run(values, image), expected)) << threshold;
      EXPECT_EQ(stage.params(values, image)->text(), "(h=7.3,window=" + std::to_string(window) + ")");
    }
  });
}

TEST(StandardStages, DenoiseWithoutStrengthDoesNothing) {
  const cv::Mat image = noise_image(20, 20, 1);
  for (const double h : {0.0, -3.0}) {
    EXPECT_FALSE(OneStage("standard.denoise").params({{"denoise_h", h}, {"noise_threshold", 50.0}}, image));
    EXPECT_FALSE(OneStage("high_fidelity.denoise").params({{"denoise_h", h}}, image));
  }
}

TEST(StandardStages, BinariseIsTheGaussianAdaptiveThreshold) {
  OneStage stage("standard.binarise");
  on_all_images([&](const cv::Mat& image) {
    for (const auto& [n, c] : {std::pair(1, 2.0), std::pair(30, 10.4), std::pair(100, 24.9), std::pair(15, -3.5)}) {
      cv::Mat expected;
      cv::adaptiveThreshold(image, expected, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, 2 * n + 1, c);
      EXPECT_TRUE(same_pixels(stage.run({{"bin_block", int64_t{n}}, {"bin_c", c}}, image), expected)) << n << ' ' << c;
    }
  });
}

TEST(StandardStages, BinariseKnowsTheConstantOnlyByItsCeilingAndItsBounds) {
  OneStage stage("standard.binarise");
  const cv::Mat image = noise_image(90, 70, 4);
  const auto text = [&](double c) { return stage.params({{"bin_block", int64_t{9}}, {"bin_c", c}}, image)->text(); };
  EXPECT_EQ(text(10.2), "(block=19,c=11)");
  EXPECT_EQ(text(10.2), text(10.9));
  EXPECT_NE(text(10.0), text(10.2));
  EXPECT_EQ(text(300), text(1000));
  for (const double c : {-1000.0, -256.0, -255.0, -254.0, 254.0, 255.0, 256.0, 1000.0}) {
    cv::Mat expected;
    cv::adaptiveThreshold(image, expected, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, 19, c);
    EXPECT_TRUE(same_pixels(stage.run({{"bin_block", int64_t{9}}, {"bin_c", c}}, image), expected)) << c;
  }
}

TEST(HighFidelityStages, InpaintLinesFillsTheMaskByTelea) {
  OneStage stage("high_fidelity.inpaint_lines");
  on_all_images([&](const cv::Mat& image) {
    const cv::Mat expected = inpainted_by_opencv(image, mask_of(image, 35, 50, 1));
    EXPECT_TRUE(same_pixels(stage.run({{"inpaint_h", int64_t{35}}, {"inpaint_v", int64_t{50}}}, image), expected));
  });
}

TEST(HighFidelityStages, DenoiseAlwaysUsesTheWideWindow) {
  OneStage stage("high_fidelity.denoise");
  on_all_images([&](const cv::Mat& image) {
    cv::Mat expected;
    cv::fastNlMeansDenoising(image, expected, 12.5F, 7, 21);
    EXPECT_TRUE(same_pixels(stage.run({{"denoise_h", 12.5}}, image), expected));
  });
}

TEST(HighFidelityStages, FlattenMakesItsSizesOddUpwards) {
  OneStage stage("high_fidelity.flatten");
  on_all_images([&](const cv::Mat& image) {
    for (const auto& [dilate, blur] : {std::pair(3, 11), std::pair(6, 20), std::pair(15, 51)}) {
      const NamedValues values{{"bg_dilate", int64_t{dilate}}, {"bg_blur", int64_t{blur}}};
      const cv::Mat expected = flat_by_hand(image, dilate + (dilate % 2 == 0), blur + (blur % 2 == 0));
      EXPECT_TRUE(same_pixels(stage.run(values, image), expected)) << dilate;
    }
  });
}

TEST(HighFidelityStages, ClaheIsOpenCvs) {
  OneStage stage("high_fidelity.clahe");
  on_all_images([&](const cv::Mat& image) {
    for (const auto& [clip, tiles] : {std::pair(1.0, 4), std::pair(3.7, 9), std::pair(5.0, 16)}) {
      cv::Mat expected;
      cv::createCLAHE(clip, {tiles, tiles})->apply(image, expected);
      const NamedValues values{{"clahe_clip", clip}, {"clahe_tile", int64_t{tiles}}};
      EXPECT_TRUE(same_pixels(stage.run(values, image), expected)) << tiles;
    }
  });
}

TEST(OpenStages, EveryChoiceCanBeOff) {
  const cv::Mat image = noise_image(30, 20, 3);
  for (const auto& [id, choice] :
       {std::pair("open.scale", "resize"), std::pair("open.smooth", "smooth"), std::pair("open.lines", "lines"),
        std::pair("open.background", "background"), std::pair("open.denoise", "denoise"),
        std::pair("open.contrast", "contrast"), std::pair("open.binarise", "binarise")}) {
    OneStage stage(id);
    EXPECT_FALSE(stage.params({{choice, std::string("off")}}, image)) << id;
    EXPECT_FALSE(stage.problem) << id << ": inactive factors are not read";
  }
}

TEST(OpenStages, ScaleShrinksByAreaAndGrowsByCubic) {
  OneStage stage("open.scale");
  on_all_images([&](const cv::Mat& image) {
    for (const double scale : {0.5, 0.77, 1.3, 1.5}) {
      const cv::Size size(std::max<int>(1, static_cast<int>(std::lround(image.cols * scale))),
                          std::max<int>(1, static_cast<int>(std::lround(image.rows * scale))));
      cv::Mat expected = image;
      if (size != image.size()) cv::resize(image, expected, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
      EXPECT_TRUE(same_pixels(stage.run({{"resize", std::string("on")}, {"scale", scale}}, image), expected)) << scale;
    }
  });
}

TEST(OpenStages, ScaleKeepsTheWidthWithin4000AndKnowsOnlyTheSize) {
  OneStage stage("open.scale");
  const auto text = [&](int width, int height, double scale) {
    const auto params = stage.params({{"resize", std::string("on")}, {"scale", scale}}, cv::Mat(height, width, CV_8U));
    return params ? params->text() : "";
  };
  EXPECT_EQ(text(3000, 3000, 1.5), "(width=4000,height=4000)");
  EXPECT_EQ(text(5000, 100, 1.5), "(width=4000,height=80)");
  EXPECT_EQ(text(1000, 700, 0.5), "(width=500,height=350)");
  EXPECT_EQ(text(1000, 700, 1.0001), "");
  EXPECT_EQ(text(4000, 700, 1.4), "");
  EXPECT_EQ(text(1000, 700, 0.6001), text(1000, 700, 0.6002));
}

TEST(OpenStages, SmoothIsAGaussianOrAMedian) {
  OneStage stage("open.smooth");
  on_all_images([&](const cv::Mat& image) {
    for (const int size : {3, 5}) {
      cv::Mat gaussian, median;
      cv::GaussianBlur(image, gaussian, {size, size}, 0);
      cv::medianBlur(image, median, size);
      EXPECT_TRUE(same_pixels(stage.run({{"smooth", std::string("gaussian")}, {"smooth_size", int64_t{size}}}, image),
                              gaussian));
      EXPECT_TRUE(
          same_pixels(stage.run({{"smooth", std::string("median")}, {"smooth_size", int64_t{size}}}, image), median));
    }
  });
}

TEST(OpenStages, LinesPaintsWithTwoDilationsAndInpaintsWithOne) {
  OneStage stage("open.lines");
  on_all_images([&](const cv::Mat& image) {
    const NamedValues paint{{"lines", std::string("paint")}, {"line_h", int64_t{40}}, {"line_v", int64_t{52}}};
    EXPECT_TRUE(same_pixels(stage.run(paint, image), painted(image, mask_of(image, 40, 52, 2))));
    const NamedValues inpaint{{"lines", std::string("inpaint")}, {"line_h", int64_t{40}}, {"line_v", int64_t{52}}};
    const cv::Mat expected = inpainted_by_opencv(image, mask_of(image, 40, 52, 1));
    EXPECT_TRUE(same_pixels(stage.run(inpaint, image), expected));
  });
}

TEST(OpenStages, BackgroundDividesOrFlattens) {
  OneStage stage("open.background");
  on_all_images([&](const cv::Mat& image) {
    cv::Mat blur, divided;
    cv::GaussianBlur(image, blur, {61, 61}, 0);
    cv::divide(image, blur, divided, 255);
    EXPECT_TRUE(
        same_pixels(stage.run({{"background", std::string("divide")}, {"norm_kernel", int64_t{30}}}, image), divided));
    const NamedValues flatten{
        {"background", std::string("flatten")}, {"bg_dilate", int64_t{8}}, {"bg_blur", int64_t{21}}};
    EXPECT_TRUE(same_pixels(stage.run(flatten, image), flat_by_hand(image, 9, 21)));
  });
}

TEST(OpenStages, StretchTakesTheFirstAndLastPercentToTheEnds) {
  OneStage stage("open.contrast");
  on_all_images([&](const cv::Mat& image) {
    std::vector<uchar> sorted(image.isContinuous() ? image.clone().reshape(1, 1) : image.clone().reshape(1, 1));
    std::sort(sorted.begin(), sorted.end());
    // The smallest level with at least p % of n pixels at or below it is the ceil(p n / 100)-th of the sorted ones.
    const auto nth = [&](std::size_t percent) {
      return sorted[std::max<std::size_t>(1, (percent * sorted.size() + 99) / 100) - 1];
    };
    const int low = nth(1), high = nth(99);
    cv::Mat expected = image.clone();
    for (auto at = expected.begin<uchar>(); high > low && at != expected.end<uchar>(); ++at) {
      const double exact = 255.0 * (std::clamp<int>(*at, low, high) - low) / (high - low);
      *at = static_cast<uchar>(std::floor(exact + 0.5));
    }
    EXPECT_TRUE(same_pixels(stage.run({{"contrast", std::string("stretch")}}, image), expected));
  });
}

TEST(OpenStages, ClaheIsOpenCvs) {
  OneStage stage("open.contrast");
  on_all_images([&](const cv::Mat& image) {
    cv::Mat expected;
    cv::createCLAHE(2.5, {8, 8})->apply(image, expected);
    const NamedValues values{{"contrast", std::string("clahe")}, {"clahe_clip", 2.5}, {"clahe_tile", int64_t{8}}};
    EXPECT_TRUE(same_pixels(stage.run(values, image), expected));
  });
}

TEST(OpenStages, BinariseByOtsuOrAdaptively) {
  OneStage stage("open.binarise");
  on_all_images([&](const cv::Mat& image) {
    cv::Mat expected;
    cv::threshold(image, expected, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    EXPECT_TRUE(same_pixels(stage.run({{"binarise", std::string("otsu")}}, image), expected));
    cv::adaptiveThreshold(image, expected, 255, cv::ADAPTIVE_THRESH_GAUSSIAN_C, cv::THRESH_BINARY, 41, 6.5);
    const NamedValues values{{"binarise", std::string("adaptive")}, {"bin_block", int64_t{20}}, {"bin_c", 6.5}};
    EXPECT_TRUE(same_pixels(stage.run(values, image), expected));
  });
}

TEST(OpenStages, SauvolaComparesWithTheFormulaOverTheWindow) {
  OneStage stage("open.binarise");
  on_all_images([&](const cv::Mat& whole) {
    const cv::Mat image = whole(cv::Rect(0, 0, std::min(whole.cols, 90), std::min(whole.rows, 60)));
    for (const auto& [n, k] : {std::pair(1, 0.5), std::pair(7, 0.2), std::pair(40, 0.34)}) {
      cv::Mat padded, expected(image.size(), CV_8UC1);
      cv::copyMakeBorder(image, padded, n, n, n, n, cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
      for (int y = 0; y < image.rows; ++y) {
        for (int x = 0; x < image.cols; ++x) {
          std::int64_t sum = 0, squares = 0;
          const std::int64_t count = (2 * n + 1) * (2 * n + 1);
          for (int v = 0; v <= 2 * n; ++v) {
            for (int u = 0; u <= 2 * n; ++u) {
              const std::int64_t level = padded.at<uchar>(y + v, x + u);
              sum += level;
              squares += level * level;
            }
          }
          const double m = static_cast<double>(sum) / static_cast<double>(count);
          const double s = std::sqrt(static_cast<double>(count * squares - sum * sum)) / static_cast<double>(count);
          expected.at<uchar>(y, x) = image.at<uchar>(y, x) > m * (1 + k * (s / 128 - 1)) ? 255 : 0;
        }
      }
      const NamedValues values{{"binarise", std::string("sauvola")}, {"sauvola_window", int64_t{n}}, {"sauvola_k", k}};
      EXPECT_TRUE(same_pixels(stage.run(values, image), expected)) << n;
    }
  });
}

TEST(OpenStages, PixelFactorsFollowTheResolution) {
  const cv::Mat image = noise_image(300, 200, 3);
  OneStage lines("open.lines");
  const NamedValues values{{"lines", std::string("paint")}, {"line_h", int64_t{45}}, {"line_v", int64_t{75}}};
  EXPECT_EQ(lines.params(values, image, 300)->text(), "(paint,h=45,v=75)");
  EXPECT_EQ(lines.params(values, image, 150)->text(), "(paint,h=23,v=38)");
  EXPECT_EQ(lines.params(values, image, 600)->text(), "(paint,h=90,v=150)");
  OneStage background("open.background");
  EXPECT_EQ(
      background.params({{"background", std::string("divide")}, {"norm_kernel", int64_t{30}}}, image, 200)->text(),
      "(divide,kernel=41)");
  OneStage standard("standard.remove_lines");
  EXPECT_EQ(
      standard.params({{"line_h", int64_t{45}}, {"line_v", int64_t{75}}, {"dilate_iter", int64_t{2}}}, image, 600)
          ->text(),
      "(h=45,v=75,dilate=2)");
}

TEST(OpenStages, AValueOfTheWrongKindIsToldByItsFactor) {
  const cv::Mat image = noise_image(30, 20, 3);
  OneStage stage("open.binarise");
  (void)stage.params({{"binarise", std::string("adaptive")}, {"bin_block", std::string("wide")}, {"bin_c", 3.0}},
                     image);
  EXPECT_EQ(stage.problem, "factor bin_block has no number at this point");
  (void)stage.params({{"binarise", std::string("magic")}}, image);
  EXPECT_EQ(stage.problem, "factor binarise has no option magic");
  (void)stage.params({{"binarise", std::string("sauvola")}, {"sauvola_window", int64_t{9}}, {"sauvola_k", NAN}}, image);
  EXPECT_EQ(stage.problem, "factor sauvola_k is not a finite number");
}

TEST(OpenStages, SizesFarOutsideTheirRangesDoNotThrow) {
  on_all_images([&](const cv::Mat& image) {
    for (const int64_t size : {int64_t{-5}, int64_t{0}, int64_t{1}, int64_t{2}, int64_t{600}}) {
      for (const auto& [id, values] : std::vector<std::pair<std::string, NamedValues>>{
               {"open.smooth", {{"smooth", std::string("median")}, {"smooth_size", std::min<int64_t>(size, 200)}}},
               {"open.lines", {{"lines", std::string("paint")}, {"line_h", size}, {"line_v", size}}},
               {"open.background", {{"background", std::string("divide")}, {"norm_kernel", size}}},
               {"open.background",
                {{"background", std::string("flatten")},
                 {"bg_dilate", size},
                 {"bg_blur", std::min<int64_t>(size, 200)}}},
               {"open.contrast",
                {{"contrast", std::string("clahe")}, {"clahe_clip", 2.0}, {"clahe_tile", std::min<int64_t>(size, 64)}}},
               {"open.binarise", {{"binarise", std::string("adaptive")}, {"bin_block", size}, {"bin_c", 4.0}}},
               {"open.binarise",
                {{"binarise", std::string("sauvola")}, {"sauvola_window", size}, {"sauvola_k", 0.3}}}}) {
        OneStage stage(id);
        cv::Mat out;
        EXPECT_NO_THROW(out = stage.run(values, image)) << id << ' ' << size;
        EXPECT_EQ(out.size(), image.size()) << id << ' ' << size;
      }
    }
  });
}

TEST(Registry, KnowsEveryStageOfEveryPipeline) {
  for (const PipelineSpec& pipeline : known_pipelines()) {
    for (const StageSpec& stage : pipeline.stages) {
      EXPECT_NE(StageRegistry::built_in().find(stage.id), nullptr) << stage.id;
    }
  }
  EXPECT_EQ(StageRegistry::built_in().find("open.magic"), nullptr);
}

TEST(CanonicalParameters, DifferentNumbersGiveDifferentTexts) {
  EXPECT_EQ(CanonicalParams().with("h", 5.2F).with("window", 15).text(), "(h=5.2,window=15)");
  EXPECT_NE(CanonicalParams().with("k", 0.2).text(), CanonicalParams().with("k", std::nextafter(0.2, 1)).text());
  EXPECT_EQ(CanonicalParams("otsu").text(), "(otsu)");
}

}  // namespace
}  // namespace ocrs
