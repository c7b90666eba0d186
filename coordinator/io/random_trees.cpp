#include "coordinator/io/random_trees.hpp"

#include <opencv2/ml.hpp>
#include <string>

namespace ocrs {
namespace {

constexpr int trees = 80, depth_max = 14, samples_min = 4;

cv::Mat matrix_of(const SurrogateRows& rows) {
  cv::Mat matrix(static_cast<int>(rows.size()), static_cast<int>(rows.front().size()), CV_32F);
  for (int i = 0; i < matrix.rows; ++i) {
    std::copy(rows[static_cast<std::size_t>(i)].begin(), rows[static_cast<std::size_t>(i)].end(), matrix.ptr<float>(i));
  }
  return matrix;
}

class RandomTrees final : public Surrogate {
 public:
  Result<void> fit(const std::vector<bool>& categorical, const SurrogateRows& rows,
                   const std::vector<double>& targets) override {
    try {
      cv::Mat kinds(static_cast<int>(categorical.size()) + 1, 1, CV_8U, cv::Scalar(cv::ml::VAR_ORDERED));
      for (std::size_t c = 0; c < categorical.size(); ++c) {
        if (categorical[c]) kinds.at<unsigned char>(static_cast<int>(c)) = cv::ml::VAR_CATEGORICAL;
      }
      // Trees hold single precision: without their mean, small differences of large objectives survive.
      mean_ = 0;
      for (const double target : targets) mean_ += target / static_cast<double>(targets.size());
      cv::Mat y(static_cast<int>(targets.size()), 1, CV_32F);
      for (int i = 0; i < y.rows; ++i)
        y.at<float>(i) = static_cast<float>(targets[static_cast<std::size_t>(i)] - mean_);
      cv::setRNGSeed(0);
      model_ = cv::ml::RTrees::create();
      model_->setMaxDepth(depth_max);
      model_->setMinSampleCount(samples_min);
      model_->setRegressionAccuracy(0);
      model_->setCVFolds(0);
      model_->setUseSurrogates(false);
      // Two thirds of the columns per split: with the usual third, pairs without an effect of their own stay unseen.
      model_->setActiveVarCount(std::max(1, static_cast<int>(2 * categorical.size() + 2) / 3));
      model_->setTermCriteria(cv::TermCriteria(cv::TermCriteria::MAX_ITER, trees, 0));
      const auto data = cv::ml::TrainData::create(matrix_of(rows), cv::ml::ROW_SAMPLE, y, cv::noArray(), cv::noArray(),
                                                  cv::noArray(), kinds);
      if (!model_->train(data)) return Error{"the surrogate could not be fitted"};
      return {};
    } catch (const cv::Exception& error) {
      return Error{"the surrogate could not be fitted: " + error.err};
    }
  }

  Result<std::vector<double>> predict(const SurrogateRows& rows) override {
    if (rows.empty()) return std::vector<double>{};
    try {
      cv::Mat predicted;
      model_->predict(matrix_of(rows), predicted);
      std::vector<double> values;
      for (int i = 0; i < predicted.rows; ++i) values.push_back(mean_ + static_cast<double>(predicted.at<float>(i)));
      return values;
    } catch (const cv::Exception& error) {
      return Error{"the surrogate could not predict: " + error.err};
    }
  }

 private:
  cv::Ptr<cv::ml::RTrees> model_;
  double mean_ = 0;
};

}  // namespace

std::unique_ptr<Surrogate> make_random_trees() { return std::make_unique<RandomTrees>(); }

}  // namespace ocrs
