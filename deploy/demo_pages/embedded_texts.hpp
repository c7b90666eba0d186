// The files of texts/ as they stand in the program; CMake writes the definition.
#pragma once

#include <string_view>
#include <vector>

namespace ocrs::demo {

struct EmbeddedText {
  std::string_view path;  // texts/eng/letter.txt
  std::string_view content;
};

[[nodiscard]] const std::vector<EmbeddedText>& embedded_texts();

}  // namespace ocrs::demo
