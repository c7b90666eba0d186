// Documents of what Tesseract has read: text, hOCR, ALTO and searchable PDF by Tesseract's own renderers. Recognises
// nothing itself. They can only write to files: standard output is turned into a memory file meanwhile, so nothing of a
// page touches a disk. One thread of a process at a time.
#pragma once

#include <string>

#include "common/core/result.hpp"
#include "worker/io/ocr_engine.hpp"

namespace tesseract {
class TessBaseAPI;
}

namespace ocrs {

/// Of the engine's recognised image. The Error: the renderer could not do it (a PDF without Tesseract's pdf.ttf).
[[nodiscard]] Result<std::string> render_document(tesseract::TessBaseAPI& api, const DocumentOrder& order);

}  // namespace ocrs
