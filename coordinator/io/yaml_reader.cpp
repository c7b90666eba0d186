#include "coordinator/io/yaml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "common/core/factor.hpp"

namespace ocrs {
namespace {

/// Insertions, deletions, substitutions and swaps of neighbours that turn one text into the other.
std::size_t typing_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

/// Whole numbers in full (200000000), others at their shortest.
std::string shown(double value) {
  const bool plain = std::floor(value) == value && std::abs(value) < 1e15;
  return plain ? std::to_string(static_cast<std::int64_t>(value)) : shortest(value);
}

std::string range_text(const std::string& what, double low, double high) {
  if (low <= std::numeric_limits<double>::lowest() && high >= std::numeric_limits<double>::max()) return what;
  return what + " from " + shown(low) + " to " + shown(high);
}

}  // namespace

std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates) {
  constexpr std::size_t length_max = 64;
  if (text.size() > length_max) return {};
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = typing_distance(text, candidate);
    // A suggestion that shares nothing with what was written only confuses.
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = &candidate;
    }
  }
  return nearest ? " (did you mean '" + *nearest + "'?)" : std::string();
}

std::string alternatives(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

std::string below(const std::string& key, const std::string& name) { return key.empty() ? name : key + "." + name; }

std::optional<double> number_from(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty() || text.front() == '+') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void YamlReader::error(int line, const std::string& key, const std::string& what) {
  errors_.push_back({line, key.empty() ? what : "key '" + key + "': " + what});
}

void YamlReader::throw_errors() const {
  if (errors_.empty()) return;
  std::vector<Located> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Located& a, const Located& b) { return a.line < b.line; });
  std::string text;
  for (const Located& found : sorted) {
    text += (text.empty() ? "" : "\n") + file_ + ":" + std::to_string(found.line) + ": " + found.text;
  }
  throw StartupError(text);
}

bool YamlReader::map(const YamlNode& node, const std::string& key, const std::vector<std::string>& known) {
  if (node.kind != YamlNode::Kind::map) {
    error(node.line, key, "is " + describe(node) + ", expected a map with the keys " + alternatives(known));
    return false;
  }
  std::map<std::string, int> first_lines;
  for (const auto& [name, value] : node.entries) {
    const auto [first, fresh] = first_lines.emplace(name.text, name.line);
    if (!fresh) {
      error(name.line, below(key, name.text),
            "is given twice (first on line " + std::to_string(first->second) + "), expected once");
    } else if (std::find(known.begin(), known.end(), name.text) == known.end()) {
      error(name.line, below(key, name.text),
            "is unknown" + did_you_mean(name.text, known) + ", expected " + alternatives(known));
    }
  }
  return true;
}

bool YamlReader::list(const YamlNode& node, const std::string& key, const std::string& expected) {
  if (node.kind == YamlNode::Kind::list && !node.items.empty()) return true;
  const std::string found = node.kind == YamlNode::Kind::list ? "an empty list" : describe(node);
  error(node.line, key, "is " + found + ", expected a list of " + expected);
  return false;
}

std::optional<std::string> YamlReader::text(const YamlNode& node, const std::string& key) {
  if (node.kind == YamlNode::Kind::scalar && !node.text.empty()) return node.text;
  const bool empty = node.kind == YamlNode::Kind::scalar;
  error(node.line, key, "is " + (empty ? "empty" : describe(node)) + ", expected a text");
  return std::nullopt;
}

std::optional<std::string> YamlReader::one_of(const YamlNode& node, const std::string& key,
                                              const std::vector<std::string>& names) {
  if (node.kind == YamlNode::Kind::scalar && std::find(names.begin(), names.end(), node.text) != names.end()) {
    return node.text;
  }
  const std::string hint = node.kind == YamlNode::Kind::scalar ? did_you_mean(node.text, names) : std::string();
  error(node.line, key, "is " + describe(node) + hint + ", expected " + alternatives(names));
  return std::nullopt;
}

std::optional<bool> YamlReader::boolean(const YamlNode& node, const std::string& key) {
  if (node.kind == YamlNode::Kind::scalar) {
    for (const char* yes : {"true", "True", "yes", "on"}) {
      if (node.text == yes) return true;
    }
    for (const char* no : {"false", "False", "no", "off"}) {
      if (node.text == no) return false;
    }
  }
  error(node.line, key, "is " + describe(node) + ", expected true or false");
  return std::nullopt;
}

std::optional<double> YamlReader::number(const YamlNode& node, const std::string& key, double low, double high) {
  const std::optional<double> value =
      node.kind == YamlNode::Kind::scalar ? number_from(node.text) : std::optional<double>();
  if (value && std::isfinite(*value) && *value >= low && *value <= high) return value;
  error(node.line, key, "is " + describe(node) + ", expected " + range_text("a finite number", low, high));
  return std::nullopt;
}

std::optional<std::int64_t> YamlReader::whole(const YamlNode& node, const std::string& key, std::int64_t low,
                                              std::int64_t high) {
  const std::optional<double> value =
      node.kind == YamlNode::Kind::scalar ? number_from(node.text) : std::optional<double>();
  const bool fits = value && std::floor(*value) == *value && *value >= static_cast<double>(low) &&
                    *value <= static_cast<double>(high);
  if (fits) return static_cast<std::int64_t>(*value);
  error(node.line, key,
        "is " + describe(node) + ", expected " +
            range_text("a whole number", static_cast<double>(low), static_cast<double>(high)));
  return std::nullopt;
}

std::optional<std::uint64_t> YamlReader::seed(const YamlNode& node, const std::string& key) {
  if (node.kind == YamlNode::Kind::scalar) {
    std::uint64_t value = 0;
    const char* last = node.text.data() + node.text.size();
    const auto [end, failure] = std::from_chars(node.text.data(), last, value);
    if (failure == std::errc{} && end == last) return value;
  }
  error(node.line, key, "is " + describe(node) + ", expected a whole number from 0 to 18446744073709551615");
  return std::nullopt;
}

}  // namespace ocrs
