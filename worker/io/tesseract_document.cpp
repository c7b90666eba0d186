#include "worker/io/tesseract_document.hpp"

#include <sys/mman.h>
#include <tesseract/baseapi.h>
#include <tesseract/renderer.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "common/core/check.hpp"
#include "common/io/fd.hpp"
#include "common/io/file.hpp"

namespace ocrs {
namespace {

constexpr std::size_t document_bytes_max = std::size_t{4} << 30;

/// While it lives, what is printed goes into a memory file.
class CapturedOutput {
 public:
  CapturedOutput() : file_(memfd_create("ocrs-document", MFD_CLOEXEC)) {
    std::fflush(stdout);
    saved_ = UniqueFd(dup(STDOUT_FILENO));  // -1 when it is closed, as it may be
    redirected_ = file_.get() >= 0 && dup2(file_.get(), STDOUT_FILENO) >= 0;
    if (!redirected_) error_ = std::strerror(errno);
  }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() {
    std::fflush(stdout);
    std::clearerr(stdout);
    if (!redirected_) return;
    if (saved_.get() >= 0) {
      dup2(saved_.get(), STDOUT_FILENO);
    } else {
      close(STDOUT_FILENO);
    }
  }

  [[nodiscard]] bool works() const { return redirected_; }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] Result<std::string> bytes() const {
    if (std::fflush(stdout) != 0) return Error{std::string("the document could not be kept: ") + std::strerror(errno)};
    return read_file("/proc/self/fd/" + std::to_string(file_.get()), document_bytes_max);
  }

 private:
  UniqueFd file_, saved_;
  bool redirected_ = false;
  std::string error_;
};

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // XML has no way to say a control character.
        out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return out;
}

constexpr const char* to_standard_output = "-";

/// The renderer and, as each treats it in its own way, the engine's input name.
std::unique_ptr<tesseract::TessResultRenderer> renderer_for(tesseract::TessBaseAPI& api, const DocumentOrder& order) {
  switch (order.format) {
    case DocumentFormat::txt:
      return std::make_unique<tesseract::TessTextRenderer>(to_standard_output);
    case DocumentFormat::hocr:
      api.SetInputName(order.title.empty() ? "page" : order.title.c_str());  // escaped by the renderer
      return std::make_unique<tesseract::TessHOcrRenderer>(to_standard_output);
    case DocumentFormat::alto:
      api.SetInputName(order.title.empty() ? "page" : escaped(order.title).c_str());  // not escaped by it
      return std::make_unique<tesseract::TessAltoRenderer>(to_standard_output);
    case DocumentFormat::pdf:
      // Under any other name it would look for a file to put in the place of the image.
      api.SetInputName("stdin");
      return std::make_unique<tesseract::TessPDFRenderer>(to_standard_output, api.GetDatapath());
    case DocumentFormat::png:
      break;
  }
  OCRS_CHECK(false, "png is no document of a reading");
}

}  // namespace

Result<std::string> render_document(tesseract::TessBaseAPI& api, const DocumentOrder& order) {
  if (order.format == DocumentFormat::pdf) {
    const std::filesystem::path font = std::filesystem::path(api.GetDatapath()) / "pdf.ttf";
    std::error_code ignored;
    if (!std::filesystem::exists(font, ignored))
      return Error{font.string() + ": missing; Tesseract makes no PDF without"};
  }
  // After recognition it decides only the size of a PDF's page.
  api.SetSourceResolution(std::max(1, static_cast<int>(std::lround(order.dpi))));
  const CapturedOutput output;
  if (!output.works()) return Error{"no memory file for a document: " + output.error()};
  const auto renderer = renderer_for(api, order);
  const std::string title = order.format == DocumentFormat::pdf ? order.title : escaped(order.title);
  const bool made = renderer->BeginDocument(title.c_str()) && renderer->AddImage(&api) && renderer->EndDocument();
  if (!made || !renderer->happy()) return Error{"Tesseract's renderer did not finish the document"};
  return output.bytes();
}

}  // namespace ocrs
