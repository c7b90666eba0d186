#include "worker/io/tesseract_engine.hpp"

#include <leptonica/allheaders.h>
#include <tesseract/baseapi.h>
#include <tesseract/resultiterator.h>

#include <algorithm>
#include <filesystem>
#include <opencv2/core/version.hpp>

#include "common/core/text_scores.hpp"
#include "worker/io/tesseract_document.hpp"

namespace ocrs {
namespace {

struct DeleteArray {
  void operator()(char* text) const { delete[] text; }
};
using TesseractText = std::unique_ptr<char, DeleteArray>;

std::vector<std::string> split_languages(const std::string& languages) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= languages.size();) {
    const std::size_t end = std::min(languages.find('+', start), languages.size());
    parts.push_back(languages.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

/// Tesseract only warns when one of several languages is missing, so the files are looked for first.
Result<void> models_exist(const std::string& tessdata, const std::string& languages) {
  for (const std::string& language : split_languages(languages)) {
    if (language.empty()) return Error{"languages \"" + languages + "\": an empty name; expected a form like fra+eng"};
    const std::filesystem::path file = std::filesystem::path(tessdata) / (language + ".traineddata");
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) return Error{file.string() + ": the model is missing"};
  }
  return {};
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

class TesseractEngine final : public OcrEngine {
 public:
  Result<void> start(const TesseractSettings& settings, const EngineKey& key) {
    if (settings.oem < 0 || settings.oem > 3) return Error{"oem " + std::to_string(settings.oem) + ": expected 0 to 3"};
    if (key.psm < 1 || key.psm == 2 || key.psm > 13) {
      return Error{"psm " + std::to_string(key.psm) + ": expected 1 or 3 to 13, a mode that reads text"};
    }
    if (Result<void> exist = models_exist(settings.tessdata, key.languages); !exist) return exist;
    // Leptonica prints to stderr by default; what a crash leaves there should be the crash's own words.
    setMsgSeverity(L_SEVERITY_NONE);
    const std::vector<std::string> names{"debug_file", "tessedit_do_invert"};
    const std::vector<std::string> values{"/dev/null", settings.invert ? "1" : "0"};
    const int failed =
        api_.Init(settings.tessdata.c_str(), key.languages.c_str(), static_cast<tesseract::OcrEngineMode>(settings.oem),
                  nullptr, 0, &names, &values, false);
    if (failed != 0) {
      const bool legacy = settings.oem == 0 || settings.oem == 2;
      return Error{could_not_load(settings, key) + ": Tesseract refused to start" +
                   (legacy ? "; oem " + std::to_string(settings.oem) + " needs models of the legacy engine" : "")};
    }
    if (Result<void> loaded = all_loaded(settings, key); !loaded) return loaded;
    bool invert = !settings.invert;
    if (!api_.GetBoolVariable("tessedit_do_invert", &invert) || invert != settings.invert) {
      return Error{"Tesseract " + std::string(tesseract::TessBaseAPI::Version()) + " does not take tessedit_do_invert"};
    }
    api_.SetPageSegMode(static_cast<tesseract::PageSegMode>(key.psm));
    return {};
  }

  Result<Reading> read(const cv::Mat& grey) override {
    Result<Reading> reading = recognised(grey);
    api_.Clear();
    return reading;
  }

  Result<Document> document(const cv::Mat& grey, const DocumentOrder& order) override {
    Result<Reading> reading = recognised(grey);
    if (!reading.ok()) {
      api_.Clear();
      return reading.error();
    }
    Result<std::string> bytes = render_document(api_, order);
    api_.Clear();
    if (!bytes.ok()) return bytes.error();
    return Document{std::move(*reading), std::move(*bytes)};
  }

 private:
  static std::string could_not_load(const TesseractSettings& settings, const EngineKey& key) {
    return key.languages + " could not be loaded from " + settings.tessdata;
  }

  Result<void> all_loaded(const TesseractSettings& settings, const EngineKey& key) const {
    std::vector<std::string> loaded;
    api_.GetLoadedLanguagesAsVector(&loaded);
    for (const std::string& language : split_languages(key.languages)) {
      if (std::find(loaded.begin(), loaded.end(), language) == loaded.end()) {
        return Error{could_not_load(settings, key) + ": " + language + " did not load"};
      }
    }
    return {};
  }

  /// The results stay in the engine until Clear().
  Result<Reading> recognised(const cv::Mat& grey) {
    OCRS_CHECK(!grey.empty() && grey.type() == CV_8UC1, "an 8-bit image of one channel is read");
    // Nothing of an earlier image may show in this reading: results, adapted shapes, the document's own word list.
    api_.Clear();
    api_.ClearAdaptiveClassifier();
    api_.SetImage(grey.data, grey.cols, grey.rows, 1, static_cast<int>(grey.step));
    if (api_.Recognize(nullptr) != 0) {
      return Error{"Tesseract does not read an image of " + std::to_string(grey.cols) + " x " +
                   std::to_string(grey.rows) + " pixels"};
    }
    const TesseractText text(api_.GetUTF8Text());
    if (text == nullptr) return Error{"Tesseract gave no text"};
    Reading reading;
    reading.text = text.get();
    const std::unique_ptr<tesseract::ResultIterator> at(api_.GetIterator());
    if (at == nullptr) return reading;
    constexpr tesseract::PageIteratorLevel level = tesseract::RIL_WORD;
    do {
      if (at->Empty(level)) continue;
      const TesseractText word_text(at->GetUTF8Text(level));
      // Layout gives pictures a "word" of one space with full confidence.
      if (word_text == nullptr || is_blank(word_text.get())) continue;
      ReadWord word;
      word.text = word_text.get();
      word.confidence = static_cast<double>(at->Confidence(level));
      int left = 0, top = 0, right = 0, bottom = 0;
      if (at->BoundingBox(level, &left, &top, &right, &bottom)) {
        word.left = left;
        word.top = top;
        word.right = right;
        word.bottom = bottom;
      }
      const std::string bare(trimmed_punctuation(word.text));
      word.in_lexicon = !bare.empty() && api_.IsValidWord(bare.c_str()) != 0;
      reading.words.push_back(std::move(word));
    } while (at->Next(level));
    return reading;
  }

  tesseract::TessBaseAPI api_;
};

}  // namespace

Result<std::unique_ptr<OcrEngine>> start_tesseract(const TesseractSettings& settings, const EngineKey& key) {
  auto engine = std::make_unique<TesseractEngine>();
  if (Result<void> started = engine->start(settings, key); !started) return started.error();
  return std::unique_ptr<OcrEngine>(std::move(engine));
}

Result<void> check_models(const std::string& tessdata, const std::vector<std::string>& languages, std::int32_t oem) {
  std::string errors;
  for (const std::string& one : languages) {
    const auto engine = start_tesseract(TesseractSettings{tessdata, oem, true}, EngineKey{one, 6});
    if (!engine.ok()) errors += (errors.empty() ? "" : "; ") + engine.error().text;
  }
  if (!errors.empty()) return Error{errors};
  return {};
}

EngineVersions engine_versions() {
  EngineVersions versions;
  versions.tesseract = tesseract::TessBaseAPI::Version();
  const std::unique_ptr<char, void (*)(char*)> leptonica(getLeptonicaVersion(), [](char* text) { lept_free(text); });
  versions.leptonica = leptonica ? leptonica.get() : "";
  versions.opencv = CV_VERSION;
  return versions;
}

}  // namespace ocrs
