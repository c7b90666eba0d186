#include "worker/io/ocr_batch.hpp"

#include <malloc.h>

#include <algorithm>
#include <new>

namespace ocrs {

OcrBatch::OcrBatch(OcrEngineFactory factory, OcrBatchLimits limits, MemoryGauge gauge)
    : factory_(std::move(factory)), limits_(limits), gauge_(std::move(gauge)) {
  OCRS_CHECK(limits_.engines_max > 0, "reading needs an engine");
}

void OcrBatch::drop_engines() {
  engines_.clear();
  malloc_trim(0);
  base_is_old_ = true;
}

Result<void> OcrBatch::prepare(const EngineKey& key) {
  const auto found = std::find_if(engines_.begin(), engines_.end(), [&](const Resident& r) { return r.key == key; });
  if (found != engines_.end()) {
    engines_.splice(engines_.begin(), engines_, found);
    return {};
  }
  while (engines_.size() >= limits_.engines_max) engines_.pop_back();
  Result<std::unique_ptr<OcrEngine>> engine = factory_(key);
  if (!engine.ok()) return engine.error();
  engines_.push_front({key, std::move(engine).value()});
  ++engine_starts_;
  base_is_old_ = true;
  return {};
}

void OcrBatch::recycle_if_grown() {
  const std::uint64_t now = gauge_();
  if (base_is_old_ || now < base_bytes_) {
    // The first reading allocates what every reading needs, so growth is counted from there.
    base_bytes_ = now;
    base_is_old_ = false;
  } else if (now - base_bytes_ > limits_.growth_bytes_max) {
    drop_engines();
  }
}

template <class Work>
auto OcrBatch::with_engine(const EngineKey& key, Work&& work) -> decltype(work(std::declval<OcrEngine&>())) {
  try {
    if (Result<void> ready = prepare(key); !ready) return ready.error();
    auto result = work(*engines_.front().engine);
    recycle_if_grown();
    return result;
  } catch (const std::bad_alloc&) {
    // Whatever was half done in the engine stays with it.
    drop_engines();
    throw;
  }
}

Result<Reading> OcrBatch::read(const cv::Mat& grey, const EngineKey& key) {
  return with_engine(key, [&](OcrEngine& engine) { return engine.read(grey); });
}

Result<Document> OcrBatch::document(const cv::Mat& grey, const EngineKey& key, const DocumentOrder& order) {
  return with_engine(key, [&](OcrEngine& engine) { return engine.document(grey, order); });
}

std::vector<Result<Reading>> OcrBatch::read(std::span<const cv::Mat> images, const EngineKey& key) {
  std::vector<Result<Reading>> readings;
  readings.reserve(images.size());
  for (const cv::Mat& image : images) readings.push_back(read(image, key));
  return readings;
}

}  // namespace ocrs
