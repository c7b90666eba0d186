// Tesseract behind the OcrEngine port: with tesseract_document the only user of its and Leptonica's headers. Reads as
// the command `tesseract IMAGE -` does for an image without a resolution. Prints nothing: Tesseract's and Leptonica's
// own messages are dropped. Threads inside Tesseract are switched off by OMP_THREAD_LIMIT=1 before the program starts
// (evaluator_process.hpp), not here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/core/messages.hpp"
#include "common/core/result.hpp"
#include "common/core/screening_spec.hpp"
#include "worker/io/ocr_engine.hpp"

namespace ocrs {

struct TesseractSettings {
  std::string tessdata;  // the folder that holds LANG.traineddata
  std::int32_t oem = 1;  // 0 legacy, 1 LSTM, 2 both, 3 what the models offer
  bool invert = true;    // lines of low confidence are read a second time inverted
};

/// Loads the models of `key.languages` and nothing else: a language that is missing or did not load is an Error, also
/// when Tesseract itself would go on without it. `psm` is 1 or 3-13; 0 and 2 read no text and are refused.
[[nodiscard]] Result<std::unique_ptr<OcrEngine>> start_tesseract(const TesseractSettings& settings,
                                                                 const EngineKey& key);

/// Loads each of `languages` ("fra+eng" forms) once for engine mode `oem`; the Error names all that do not load.
[[nodiscard]] Result<void> check_models(const std::string& tessdata, const std::vector<std::string>& languages,
                                        std::int32_t oem);

/// Of the libraries this process really runs with (OpenCV: of its headers, as its library reports no patch level).
[[nodiscard]] EngineVersions engine_versions();

}  // namespace ocrs
