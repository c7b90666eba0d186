// Texts: the words of one kind of page in one language, by section. A file of texts/LANGUAGE/KIND.txt has sections
// [name] with an entry a line and [[name]] with an entry a paragraph (lines joined). Read-only; no files at run time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocrs::demo {

class Texts {
 public:
  /// Nothing when the program has no such text.
  [[nodiscard]] static std::optional<Texts> find(std::string_view language, std::string_view kind);
  /// The entries of a section; a missing section is a bug of the texts.
  [[nodiscard]] const std::vector<std::string>& section(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::vector<std::string>>>& sections() const {
    return sections_;
  }
  /// The value of the entry `key: value` of a section.
  [[nodiscard]] std::string value(std::string_view section_name, std::string_view key) const;

 private:
  explicit Texts(std::string_view content);
  std::vector<std::pair<std::string, std::vector<std::string>>> sections_;
};

/// The parts of `text` between `separator`s, trimmed of blanks.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace ocrs::demo
