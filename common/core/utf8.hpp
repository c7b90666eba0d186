// UTF-8 as bytes: is it valid, where is it not, and made valid. No categories or normal forms (text_scores). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ocrs {

/// Length of the longest valid prefix: text.size() when all of it is valid UTF-8 (no surrogates, no overlong forms,
/// nothing above U+10FFFF), else the offset of the first bad byte.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text);
[[nodiscard]] inline bool is_utf8(std::string_view text) { return utf8_prefix(text) == text.size(); }

/// The text with every bad byte replaced by U+FFFD, cut at a character so that it has at most `bytes_max` bytes.
[[nodiscard]] std::string made_utf8(std::string_view text, std::size_t bytes_max);

}  // namespace ocrs
