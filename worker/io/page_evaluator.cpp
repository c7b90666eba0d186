#include "worker/io/page_evaluator.hpp"

#include <new>
#include <opencv2/core.hpp>
#include <vector>

#include "common/core/codec.hpp"
#include "common/io/hash.hpp"
#include "worker/io/process_memory.hpp"
#include "worker/pipeline/page_decoder.hpp"

namespace ocrs {
namespace {

constexpr const char* decode_node = "decode";
constexpr const char* recognise_node = "recognise";
constexpr const char* score_node = "score";

/// Readings of one page that are kept from batch to batch. They only spare recognitions.
constexpr std::size_t reading_bytes_max = std::size_t{64} * 1024 * 1024;

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// Libraries hide an allocation that failed behind other errors: with less than this left, it is taken for the cause.
/// The rule only decides how a failure is named, and errs on the side of another try.
bool memory_is_short(std::uint64_t pixels) {
  constexpr std::uint64_t bytes_per_pixel = 16;  // grey and binary copies, component boxes, line images
  constexpr std::uint64_t models = std::uint64_t{64} * 1024 * 1024;
  return address_space_left() < bytes_per_pixel * pixels + models;
}

Failure failure_of(FailureKind kind, std::string node, std::string text) {
  return {kind, std::move(node), std::move(text), {}};
}

}  // namespace

/// Turns the leaves of one Evaluate into results, and keeps account of which evaluations have had theirs.
class PageEvaluator::BatchObserver final : public TreeObserver {
 public:
  BatchObserver(PageEvaluator& evaluator, const Evaluate& command)
      : evaluator_(evaluator), command_(command), reported_(command.points.size(), false), begin_(Clock::now()) {}

  [[nodiscard]] EvaluationId id_at(std::size_t position) const {
    return {command_.page, command_.points[position].index};
  }

  void started(std::size_t first_point, const std::string& node) override {
    evaluator_.report_started(id_at(first_point), node);
  }

  void leaf(const TreeLeaf& leaf) override {
    Cost cost;
    for (const StageRun& run : leaf.runs) {
      cost.stages_run.push_back(run.stage);
      cost.stage_ms.push_back(run.elapsed_ms);
    }
    if (leaf.failure) return report(leaf.points, *leaf.failure, std::move(cost));

    auto& readings = evaluator_.page_->readings;
    auto found = readings.find(leaf.image_hash);
    if (found == readings.end()) {
      OCRS_CHECK(!leaf.repeated, "the first leaf of an image has left its reading");
      ImageReading reading = evaluator_.read(leaf.image, id_at(leaf.points.front()), cost);
      evaluator_.page_->reading_bytes += reading.encoded.size();
      found = readings.emplace(leaf.image_hash, std::move(reading)).first;
    }
    const ImageReading& reading = found->second;
    if (reading.failure) return report(leaf.points, *reading.failure, std::move(cost));

    EvaluationResult result;
    result.scores = reading.text;
    result.scores.sharpness = leaf.scores.sharpness;
    result.scores.contrast = leaf.scores.contrast;
    result.scores.cnr = leaf.scores.cnr;
    result.reading = reading.hash;
    report(leaf.points, std::move(result), reading.encoded, std::move(cost));
  }

  void fail_all_unreported(const Failure& failure) {
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < reported_.size(); ++i) {
      if (!reported_[i]) left.push_back(i);
    }
    if (!left.empty()) report(left, failure, {});
  }

 private:
  void report(const std::vector<std::size_t>& positions, const Failure& failure, Cost cost) {
    EvaluationResult result;
    result.failure = failure;
    report(positions, std::move(result), {}, std::move(cost));
  }

  /// The first position paid for the leaf; the others came for free.
  void report(const std::vector<std::size_t>& positions, EvaluationResult result, const std::string& reading,
              Cost cost) {
    cost.elapsed_ms = ms_since(begin_);
    result.cost = std::move(cost);
    result.backend = "cpu";
    for (const std::size_t position : positions) {
      OCRS_CHECK(!reported_[position], "an evaluation has one result");
      result.id = id_at(position);
      result.attempt = command_.attempts[position];
      evaluator_.report_(Evaluated{command_.batch, result, reading});
      reported_[position] = true;
      result.cost = {};
    }
    begin_ = Clock::now();
  }

  PageEvaluator& evaluator_;
  const Evaluate& command_;
  std::vector<bool> reported_;
  Clock::time_point begin_;  // of what the next leaf pays for
};

PageEvaluator::PageEvaluator(ScreeningSpec screening, OcrEngineFactory engines, Reporter report)
    : screening_(std::move(screening)),
      ocr_(std::move(engines)),
      report_(std::move(report)),
      tree_(screening_, [] { return std::chrono::nanoseconds(Clock::now().time_since_epoch()); }) {}

PageEvaluator::~PageEvaluator() = default;

Result<void> PageEvaluator::load(PageIndex page, MemoryView file, std::string ground_truth) {
  unload();
  if (page.value >= screening_.pages.size()) {
    return Error{"page " + std::to_string(page.value) + " is not one of the screening's " +
                 std::to_string(screening_.pages.size())};
  }
  page_.emplace();
  page_->index = page;
  page_->file = std::move(file);
  page_->ground_truth = std::move(ground_truth);
  return {};
}

void PageEvaluator::report_started(const EvaluationId& id, const std::string& node) { report_(Started{id, node}); }

std::optional<Failure> PageEvaluator::decode(const EvaluationId& first) {
  if (!page_->decoded) {
    report_started(first, decode_node);
    const PageSpec& spec = spec_of(page_->index);
    try {
      Result<DecodedPage> decoded = decode_page(page_->file.bytes(), spec.frame, screening_.limits.max_pixels);
      if (decoded.ok()) {
        tree_.load_page(page_->index, std::move(decoded->grey));
      } else if (memory_is_short(std::uint64_t{spec.width} * spec.height)) {
        return failure_of(FailureKind::memory, decode_node,
                          "not enough memory to decode the page: " + decoded.error().text);
      } else {
        page_->unreadable = decoded.error().text;
      }
      if (spec.ground_truth) page_->reference.emplace(page_->ground_truth, screening_.folding);
    } catch (const std::bad_alloc&) {
      return failure_of(FailureKind::memory, decode_node, "not enough memory to decode the page");
    } catch (const cv::Exception& error) {
      if (error.code == cv::Error::StsNoMem || memory_is_short(std::uint64_t{spec.width} * spec.height)) {
        return failure_of(FailureKind::memory, decode_node, "not enough memory to decode the page: " + error.err);
      }
      page_->unreadable = "OpenCV refused: " + error.err;
    }
    page_->decoded = true;
    page_->file = {};
  }
  if (page_->unreadable) return failure_of(FailureKind::page_unreadable, decode_node, *page_->unreadable);
  return std::nullopt;
}

PageEvaluator::ImageReading PageEvaluator::read(const cv::Mat& image, const EvaluationId& id, Cost& cost) {
  const PageSpec& spec = spec_of(page_->index);
  const EngineKey key{spec.languages, spec.psm};
  ImageReading reading;
  const char* node = recognise_node;
  try {
    report_started(id, node);
    const auto begin = Clock::now();
    const auto pixels = static_cast<std::uint64_t>(image.total());
    if (Result<void> ready = ocr_.prepare(key); !ready) {
      const FailureKind kind = memory_is_short(pixels) ? FailureKind::memory : FailureKind::engine;
      reading.failure = failure_of(kind, node, ready.error().text);
      return reading;
    }
    const Result<Reading> read = ocr_.read(image, key);
    cost.recognise_ms = ms_since(begin);
    cost.recognised = true;
    if (!read.ok()) {
      const FailureKind kind = memory_is_short(pixels) ? FailureKind::memory : FailureKind::stage_error;
      reading.failure = failure_of(kind, node, read.error().text);
      return reading;
    }
    node = score_node;
    report_started(id, node);
    score_reading(*read, page_->reference ? &*page_->reference : nullptr, reading.text);
    reading.encoded = encode(*read);
    reading.hash = hash_bytes(reading.encoded);
  } catch (const std::bad_alloc&) {
    reading = {};
    reading.failure = failure_of(FailureKind::memory, node, std::string("not enough memory to ") + node);
  }
  return reading;
}

Result<void> PageEvaluator::evaluate(const Evaluate& command) {
  if (!page_ || page_->index != command.page) {
    return Error{"batch " + std::to_string(command.batch.value) + " is for page " + std::to_string(command.page.value) +
                 ", which is not loaded"};
  }
  if (command.points.size() != command.attempts.size()) {
    return Error{"batch " + std::to_string(command.batch.value) + " has " + std::to_string(command.points.size()) +
                 " points and " + std::to_string(command.attempts.size()) + " attempts"};
  }
  if (command.points.empty()) return {};

  if (page_->reading_bytes > reading_bytes_max) {
    page_->readings.clear();
    page_->reading_bytes = 0;
  }
  BatchObserver observer(*this, command);
  if (const std::optional<Failure> failure = decode(observer.id_at(0))) {
    observer.fail_all_unreported(*failure);
    return {};
  }
  try {
    tree_.evaluate(command.points, observer);
  } catch (const std::bad_alloc&) {
    observer.fail_all_unreported(failure_of(FailureKind::memory, "tree", "not enough memory to evaluate the batch"));
  } catch (const cv::Exception& error) {
    observer.fail_all_unreported(failure_of(FailureKind::crashed, "tree", std::string("OpenCV: ") + error.what()));
  }
  // A failure that another try may not have is not remembered for the next batch.
  std::erase_if(page_->readings, [](const auto& entry) {
    return entry.second.failure && !is_deterministic(entry.second.failure->kind);
  });
  return {};
}

}  // namespace ocrs
