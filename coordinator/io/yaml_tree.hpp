// A YAML file as a small tree with line numbers: maps keep their order and duplicate keys, scalars stay text (so that
// `off` is a name, not a boolean). The only user of yaml-cpp. Hostile input is bounded: bytes, depth and nodes are
// limited, and anchors and aliases are refused. What the keys mean is decided by the readers (config).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/result.hpp"

namespace ocrs {

inline constexpr std::size_t yaml_bytes_max = 1024 * 1024;
inline constexpr std::size_t yaml_depth_max = 16;
inline constexpr std::size_t yaml_nodes_max = 100'000;

struct YamlKey {
  std::string text;
  int line = 0;
};

struct YamlNode {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  int line = 0;                                       // from 1
  std::string text;                                   // scalar
  std::vector<YamlNode> items;                        // list
  std::vector<std::pair<YamlKey, YamlNode>> entries;  // map

  /// The value of the first entry of that key; nullptr when there is none or this is no map.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

/// "nothing", "the text 'abc'", "a list", "a map": for errors.
[[nodiscard]] std::string describe(const YamlNode& node);

/// One document. `name` stands before the line in the error: "NAME:LINE: …".
[[nodiscard]] Result<YamlNode> parse_yaml(std::string_view text, std::string_view name);

}  // namespace ocrs
