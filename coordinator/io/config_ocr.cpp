#include "coordinator/io/config_ocr.hpp"

#include <cctype>
#include <limits>

namespace ocrs {
namespace {

bool is_language_list(const std::string& text) {
  bool expects_name = true;  // at the start, after '+' and after '/'
  for (const char c : text) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (expects_name && !letter) return false;
    if (!letter && c != '_' && c != '-' && c != '+' && c != '/') return false;
    expects_name = c == '+' || c == '/';
  }
  return !expects_name;
}

}  // namespace

std::optional<std::string> read_languages(YamlReader& reader, const YamlNode& node, const std::string& key) {
  const auto text = reader.text(node, key);
  if (!text || is_language_list(*text)) return text;
  reader.error(node.line, key, "is " + describe(node) + ", expected Tesseract language codes as eng or fra+eng");
  return std::nullopt;
}

std::optional<std::int32_t> read_psm(YamlReader& reader, const YamlNode& node, const std::string& key) {
  const auto psm = reader.whole(node, key, 0, 13);
  if (!psm) return std::nullopt;
  if (*psm == 0 || *psm == 2) {
    reader.error(node.line, key, "is " + describe(node) + ", which reads no text, expected 1, or 3 to 13");
    return std::nullopt;
  }
  return static_cast<std::int32_t>(*psm);
}

void read_engine(YamlReader& reader, const YamlNode& node, EngineOptions& engine) {
  if (const YamlNode* oem = node.find("oem")) {
    engine.oem = static_cast<std::int32_t>(reader.whole(*oem, "ocr.oem", 0, 3).value_or(0));
  }
  if (const YamlNode* width = node.find("width_max")) {
    engine.width_max = static_cast<std::int32_t>(reader.whole(*width, "ocr.width_max", 0, 100'000).value_or(0));
  }
  if (const YamlNode* invert = node.find("invert")) {
    engine.invert = reader.boolean(*invert, "ocr.invert").value_or(false);
  }
}

void read_limits(YamlReader& reader, const YamlNode& node, EvaluationLimits& limits) {
  if (!reader.map(node, "limits", {"max_pixels", "components", "deadline_s"})) return;
  if (const YamlNode* pixels = node.find("max_pixels")) {
    limits.max_pixels = static_cast<std::uint64_t>(reader.whole(*pixels, "limits.max_pixels", 1, 1 << 30).value_or(1));
  }
  if (const YamlNode* components = node.find("components")) {
    constexpr std::int64_t most = std::numeric_limits<std::uint32_t>::max();
    limits.components = static_cast<std::uint32_t>(reader.whole(*components, "limits.components", 1, most).value_or(1));
  }
  if (const YamlNode* deadline = node.find("deadline_s")) {
    limits.deadline_s =
        static_cast<std::uint32_t>(reader.whole(*deadline, "limits.deadline_s", 1, 604'800).value_or(1));
  }
}

}  // namespace ocrs
