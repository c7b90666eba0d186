// The golden frames of common/PROTOCOL.md, read from the page itself: blocks fenced "```golden NAME" hold hex digits.
#pragma once

#include <cstddef>
#include <fstream>
#include <map>
#include <string>

namespace ocrs::test {

inline std::string bytes_of_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return bytes;
}

inline std::map<std::string, std::string> golden_frames() {
  std::map<std::string, std::string> frames;
  std::ifstream page(std::string(OCRS_SOURCE_DIR) + "/common/PROTOCOL.md");
  const std::string fence = "```golden ";
  std::string name, hex;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with(fence)) {
      name = line.substr(fence.size());
      hex.clear();
    } else if (line == "```" && !name.empty()) {
      frames[name] = bytes_of_hex(hex);
      name.clear();
    } else if (!name.empty()) {
      hex += line;
    }
  }
  return frames;
}

}  // namespace ocrs::test
