// The port to an OCR engine: images in memory to readings. What stands behind it is decided by the factory (Tesseract
// in tesseract_engine.hpp, a counting fake in tests). Keeps no engine alive (ocr_batch.hpp). One thread per engine.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>

#include "common/core/evaluation.hpp"
#include "common/core/evaluator_messages.hpp"
#include "common/core/result.hpp"

namespace ocrs {

/// What a resident engine is made for.
struct EngineKey {
  std::string languages;  // as Tesseract's -l: "fra+eng"
  std::int32_t psm = 6;   // page segmentation mode
  auto operator<=>(const EngineKey&) const = default;
};

/// A document of one page, of a format that is read (not png).
struct DocumentOrder {
  DocumentFormat format = DocumentFormat::txt;
  std::string title;  // the page's name, UTF-8
  double dpi = 300;   // of the image: the page size of a PDF
};
struct Document {
  Reading reading;  // as read() gives it
  std::string bytes;
};

class OcrEngine {
 public:
  virtual ~OcrEngine() = default;
  /// `grey`: 8-bit, 1 channel, not empty, never written; rows need not be contiguous. The reading depends on the image
  /// alone, never on what was read before. An Error means that this image cannot be read, here or anywhere.
  /// std::bad_alloc passes through; the engine is then not to be used again.
  [[nodiscard]] virtual Result<Reading> read(const cv::Mat& grey) = 0;
  /// Reads as read() does and lays out what was read.
  [[nodiscard]] virtual Result<Document> document(const cv::Mat& grey, const DocumentOrder& order) = 0;
};

/// The Error says why this host cannot start the engine.
using OcrEngineFactory = std::function<Result<std::unique_ptr<OcrEngine>>(const EngineKey&)>;

}  // namespace ocrs
