#include "deploy/demo_pages/texts.hpp"

#include <algorithm>

#include "common/core/check.hpp"
#include "deploy/demo_pages/embedded_texts.hpp"

namespace ocrs::demo {

namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<Texts> Texts::find(std::string_view language, std::string_view kind) {
  const std::string path = "texts/" + std::string(language) + "/" + std::string(kind) + ".txt";
  const auto& all = embedded_texts();
  const auto found = std::find_if(all.begin(), all.end(), [&](const EmbeddedText& text) { return text.path == path; });
  if (found == all.end()) return std::nullopt;
  return Texts(found->content);
}

Texts::Texts(std::string_view content) {
  bool paragraphs = false;
  bool new_paragraph = true;
  for (const std::string& line : split(content, '\n')) {
    if (line.starts_with('[') && line.ends_with(']')) {
      paragraphs = line.starts_with("[[");
      const std::size_t brackets = paragraphs ? 2 : 1;
      sections_.emplace_back(line.substr(brackets, line.size() - 2 * brackets), std::vector<std::string>{});
      new_paragraph = true;
    } else if (line.empty()) {
      new_paragraph = true;
    } else {
      OCRS_CHECK(!sections_.empty(), "a demo text begins with a section");
      auto& entries = sections_.back().second;

      if (paragraphs && !new_paragraph) {
        entries.back() += " " + line;
      } else {
        entries.push_back(line);
      }
      new_paragraph = false;
    }
  }
}

const std::vector<std::string>& Texts::section(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const auto& s) { return s.first == name; });
  OCRS_CHECK(found != sections_.end() && !found->second.empty(), "a section of the demo texts is missing or empty");
  return found->second;
}

std::string Texts::value(std::string_view section_name, std::string_view key) const {
  for (const std::string& entry : section(section_name)) {
    const auto colon = entry.find(": ");
    if (colon != std::string::npos && entry.substr(0, colon) == key) return entry.substr(colon + 2);
  }
  OCRS_CHECK(false, "a key of the demo texts is missing");
  return {};
}

}  // namespace ocrs::demo
