// OcrBatch is the unit of reading: images in memory, one after another, by engines that stay resident over a whole
// batch and the batches after it. Decides which engines are resident (at most two) and when they are started anew
// because they grew. What is read never depends on order or on company. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <span>
#include <utility>
#include <vector>

#include "worker/io/ocr_engine.hpp"
#include "worker/io/process_memory.hpp"

namespace ocrs {

struct OcrBatchLimits {
  std::size_t engines_max = 2;  // resident at a time; starting one takes 0.2-0.4 s
  /// Growth of the process since its engines were started above which they are started anew.
  std::uint64_t growth_bytes_max = std::uint64_t{512} * 1024 * 1024;
};

class OcrBatch {
 public:
  using MemoryGauge = std::function<std::uint64_t()>;
  explicit OcrBatch(OcrEngineFactory factory, OcrBatchLimits limits = {}, MemoryGauge gauge = resident_bytes);

  /// Makes the engine resident; the Error is the host's fault (a model is missing). std::bad_alloc passes through.
  [[nodiscard]] Result<void> prepare(const EngineKey& key);

  /// Prepares the engine if that has not been done. An Error after prepare() succeeded is the image's.
  /// std::bad_alloc passes through, after all engines were dropped.
  [[nodiscard]] Result<Reading> read(const cv::Mat& grey, const EngineKey& key);
  /// The same for each image in turn.
  [[nodiscard]] std::vector<Result<Reading>> read(std::span<const cv::Mat> images, const EngineKey& key);
  /// Reads one image and lays out what was read, on the same terms.
  [[nodiscard]] Result<Document> document(const cv::Mat& grey, const EngineKey& key, const DocumentOrder& order);

  [[nodiscard]] std::size_t resident() const { return engines_.size(); }
  [[nodiscard]] std::uint64_t engine_starts() const { return engine_starts_; }

 private:
  struct Resident {
    EngineKey key;
    std::unique_ptr<OcrEngine> engine;
  };
  template <class Work>
  auto with_engine(const EngineKey& key, Work&& work) -> decltype(work(std::declval<OcrEngine&>()));
  void drop_engines();
  void recycle_if_grown();

  OcrEngineFactory factory_;
  OcrBatchLimits limits_;
  MemoryGauge gauge_;
  std::list<Resident> engines_;   // most recently used first
  std::uint64_t base_bytes_ = 0;  // of the process after an engine's first reading
  bool base_is_old_ = true;
  std::uint64_t engine_starts_ = 0;
};

}  // namespace ocrs
