// Typed reading of a YAML tree: every wrong value becomes one line "FILE:LINE: key 'a.b': what is wrong, expected …",
// and all of them are told at once. Knows no key of any particular file. One thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/io/yaml_tree.hpp"

namespace ocrs {

/// " (did you mean 'points'?)" when a candidate is near enough to be a slip of the keyboard, else nothing.
[[nodiscard]] std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates);

/// "a, b or c"
[[nodiscard]] std::string alternatives(const std::vector<std::string>& names);

class YamlReader {
 public:
  explicit YamlReader(std::string file) : file_(std::move(file)) {}

  void error(int line, const std::string& key, const std::string& what);
  [[nodiscard]] bool failed() const { return !errors_.empty(); }
  /// A StartupError with one line per error, in the order of the lines.
  void throw_errors() const;

  /// True for a map; its unknown keys and its keys given twice are errors. `key` of the whole file is empty.
  bool map(const YamlNode& node, const std::string& key, const std::vector<std::string>& known);
  /// True for a list that is not empty; `expected` says of what.
  bool list(const YamlNode& node, const std::string& key, const std::string& expected);

  // Each gives nothing after an error.
  std::optional<std::string> text(const YamlNode& node, const std::string& key);
  std::optional<std::string> one_of(const YamlNode& node, const std::string& key,
                                    const std::vector<std::string>& names);
  std::optional<bool> boolean(const YamlNode& node, const std::string& key);
  /// A finite number in the closed range.
  std::optional<double> number(const YamlNode& node, const std::string& key, double low, double high);
  std::optional<std::int64_t> whole(const YamlNode& node, const std::string& key, std::int64_t low, std::int64_t high);
  std::optional<std::uint64_t> seed(const YamlNode& node, const std::string& key);

 private:
  struct Located {
    int line;
    std::string text;
  };
  std::string file_;
  std::vector<Located> errors_;
};

/// The name of an entry below `key`: "design" + "points" = "design.points".
[[nodiscard]] std::string below(const std::string& key, const std::string& name);

/// A finite or infinite number from text; locale-independent.
[[nodiscard]] std::optional<double> number_from(std::string_view text);

}  // namespace ocrs
