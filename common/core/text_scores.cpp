#include "common/core/text_scores.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <new>

namespace ocrs {
namespace {

constexpr char32_t replacement = 0xFFFD;
// Below the first combining character no two code points other than CR LF stay in one grapheme cluster.
constexpr char32_t first_combining = 0x300;

struct Decoded {
  char32_t code = replacement;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The code point at the start of `text`, which is not empty; one bad byte counts as U+FFFD.
Decoded decode_front(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x80) return {byte, 1, true};
  utf8proc_int32_t code = -1;
  const utf8proc_ssize_t used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                 static_cast<utf8proc_ssize_t>(text.size()), &code);
  if (used <= 0 || code < 0) return {};
  return {static_cast<char32_t>(code), static_cast<std::size_t>(used), true};
}

void append_utf8(std::string& text, char32_t code) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t count = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(count));
}

/// Unicode's White_Space property.
bool is_white_space(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
         code == 0x3000;
}

char32_t folded_quote(char32_t code) {
  switch (code) {
    case 0x2018:  // curly single quotes, low and reversed ones
    case 0x2019:
    case 0x201A:
    case 0x201B:
    case 0x2032:  // prime and reversed prime
    case 0x2035:
    case 0x2039:  // single angle quotes
    case 0x203A:
    case 0x02BC:  // modifier letter apostrophe
    case 0xFF07:
      return U'\'';
    case 0x00AB:  // angle quotes
    case 0x00BB:
    case 0x201C:  // curly double quotes, low and reversed ones
    case 0x201D:
    case 0x201E:
    case 0x201F:
    case 0x2033:  // double prime and reversed double prime
    case 0x2036:
    case 0xFF02:
      return U'"';
    default:
      return code;
  }
}

char32_t folded_dash(char32_t code) { return (code >= 0x2010 && code <= 0x2015) || code == 0x2212 ? U'-' : code; }

std::string with_bad_bytes_replaced(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const Decoded front = decode_front(text);
    if (front.valid) {
      valid.append(text.substr(0, front.bytes));
    } else {
      append_utf8(valid, replacement);
    }
    text.remove_prefix(front.bytes);
  }
  return valid;
}

/// NFC, after full case folding if wanted.
std::u32string composed(std::string_view text, bool fold_case) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), is_ascii)) {
    std::u32string codes(text.begin(), text.end());
    if (fold_case) {
      for (char32_t& code : codes) code = code >= U'A' && code <= U'Z' ? code + 32 : code;
    }
    return codes;
  }
  const std::string valid = with_bad_bytes_replaced(text);
  int options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
  if (fold_case) options |= UTF8PROC_CASEFOLD;
  std::vector<utf8proc_int32_t> buffer(valid.size() + 16);
  for (;;) {
    const utf8proc_ssize_t needed = utf8proc_decompose(
        reinterpret_cast<const utf8proc_uint8_t*>(valid.data()), static_cast<utf8proc_ssize_t>(valid.size()),
        buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()), static_cast<utf8proc_option_t>(options));
    // Every byte is valid here, so the one thing that can fail is memory or a length no text has.
    if (needed < 0) throw std::bad_alloc();
    if (static_cast<std::size_t>(needed) <= buffer.size()) {
      const utf8proc_ssize_t length =
          utf8proc_normalize_utf32(buffer.data(), needed, static_cast<utf8proc_option_t>(options));
      if (length < 0) throw std::bad_alloc();
      return {buffer.begin(), buffer.begin() + length};
    }
    buffer.resize(static_cast<std::size_t>(needed));
  }
}

/// The text as it is compared: NFC, folded, runs of white space = one space, ends trimmed.
std::u32string normalised(std::string_view text, const Folding& folding) {
  std::u32string codes = composed(text, folding.letter_case);
  std::size_t length = 0;
  bool space_pending = false;
  for (char32_t code : codes) {
    if (is_white_space(code)) {
      space_pending = length > 0;
      continue;
    }
    if (folding.quotes) code = folded_quote(code);
    if (folding.dashes) code = folded_dash(code);
    // A pending space stands for at least one code point already passed, so writing never overtakes reading.
    if (space_pending) codes[length++] = U' ';
    codes[length++] = code;
    space_pending = false;
  }
  codes.resize(length);
  return codes;
}

template <class Function>
void for_each_grapheme(std::u32string_view codes, Function&& function) {
  std::size_t start = 0;
  utf8proc_int32_t state = 0;
  for (std::size_t i = 1; i <= codes.size(); ++i) {
    bool ends = i == codes.size();
    if (!ends && codes[i] < first_combining && codes[i - 1] < first_combining) {
      ends = true;
      state = 0;
    } else if (!ends) {
      ends = utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(codes[i - 1]),
                                              static_cast<utf8proc_int32_t>(codes[i]), &state);
    }
    if (!ends) continue;
    function(codes.substr(start, i - start));
    start = i;
  }
}

template <class Function>
void for_each_token(std::u32string_view codes, Function&& function) {
  std::string token;
  for (const char32_t code : codes) {
    if (code != U' ') {
      append_utf8(token, code);
    } else if (!token.empty()) {
      function(std::move(token));
      token.clear();
    }
  }
  if (!token.empty()) function(std::move(token));
}

template <class Map, class Key>
std::uint32_t id_in(Map& ids, Key&& key) {
  return ids.try_emplace(std::forward<Key>(key), static_cast<std::uint32_t>(ids.size())).first->second;
}

utf8proc_category_t category_of(char32_t code) { return utf8proc_category(static_cast<utf8proc_int32_t>(code)); }

bool is_letter(char32_t code) {
  const utf8proc_category_t category = category_of(code);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_punctuation_or_symbol(char32_t code) {
  const utf8proc_category_t category = category_of(code);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_SO;
}

double ratio(std::size_t errors, std::size_t reference_length, bool nothing_read) {
  if (reference_length == 0) return nothing_read ? 0 : 1;
  return static_cast<double>(errors) / static_cast<double>(reference_length);
}

}  // namespace

/// What of a Reference only the comparison may see.
struct ReferenceComparison {
  const Reference& reference;

  [[nodiscard]] std::vector<std::uint32_t> graphemes_of(std::u32string_view codes) const {
    std::vector<std::uint32_t> ids;
    ids.reserve(codes.size());
    std::u32string key;
    // Text repeats few code points: those of the Latin blocks are looked up once each.
    std::vector<std::uint32_t> latin(first_combining, EditPattern::unknown_symbol - 1);
    for_each_grapheme(codes, [&](std::u32string_view cluster) {
      const bool is_latin = cluster.size() == 1 && cluster.front() < first_combining;
      if (is_latin && latin[cluster.front()] != EditPattern::unknown_symbol - 1) {
        ids.push_back(latin[cluster.front()]);
        return;
      }
      key.assign(cluster);
      const auto found = reference.cluster_ids_.find(key);
      ids.push_back(found == reference.cluster_ids_.end() ? EditPattern::unknown_symbol : found->second);
      if (is_latin) latin[cluster.front()] = ids.back();
    });
    return ids;
  }

  [[nodiscard]] std::vector<std::uint32_t> tokens_of(std::u32string_view codes) const {
    std::vector<std::uint32_t> ids;
    for_each_token(codes, [&](const std::string& token) {
      const auto found = reference.token_ids_.find(token);
      ids.push_back(found == reference.token_ids_.end() ? EditPattern::unknown_symbol : found->second);
    });
    return ids;
  }

  [[nodiscard]] std::size_t words_recalled(const std::vector<std::uint32_t>& tokens) const {
    std::vector<std::uint32_t> left = reference.token_counts_;
    std::size_t recalled = 0;
    for (const std::uint32_t token : tokens) {
      if (token == EditPattern::unknown_symbol || left[token] == 0) continue;
      --left[token];
      ++recalled;
    }
    return recalled;
  }

  [[nodiscard]] TextScores scores(std::string_view reading) const {
    const std::u32string codes = normalised(reading, reference.folding_);
    const std::vector<std::uint32_t> tokens = tokens_of(codes);
    const std::size_t reference_words = reference.tokens_.size();
    const bool nothing_read = codes.empty();
    TextScores scores;
    scores.cer =
        ratio(reference.grapheme_pattern_.distance(graphemes_of(codes)), reference.graphemes_.size(), nothing_read);
    scores.wer = ratio(reference.token_pattern_.distance(tokens), reference_words, nothing_read);
    scores.word_recall =
        reference_words == 0 ? (nothing_read ? 1 : 0) : ratio(words_recalled(tokens), reference_words, false);
    return scores;
  }
};

Reference::Reference(std::string_view text, const Folding& folding) : folding_(folding) {
  const std::u32string codes = normalised(text, folding);
  for_each_grapheme(
      codes, [&](std::u32string_view cluster) { graphemes_.push_back(id_in(cluster_ids_, std::u32string(cluster))); });
  std::vector<std::uint32_t> token_sequence;
  for_each_token(codes, [&](std::string token) {
    token_sequence.push_back(id_in(token_ids_, token));
    tokens_.push_back(std::move(token));
  });
  token_counts_.resize(token_ids_.size());
  for (const std::uint32_t token : token_sequence) ++token_counts_[token];
  grapheme_pattern_ = EditPattern(graphemes_, cluster_ids_.size());
  token_pattern_ = EditPattern(token_sequence, token_ids_.size());
}

TextScores compare(std::string_view reading, const Reference& reference) {
  return ReferenceComparison{reference}.scores(reading);
}

void score_reading(const Reading& reading, const Reference* reference, Scores& scores) {
  double confidence_sum = 0;
  std::size_t words = 0, candidates = 0, in_lexicon = 0;
  for (const ReadWord& word : reading.words) {
    if (word.text.empty()) continue;
    ++words;
    confidence_sum += word.confidence;
    if (letter_count(word.text) < 2) continue;
    ++candidates;
    if (word.in_lexicon) ++in_lexicon;
  }
  scores.words = static_cast<std::uint32_t>(words);
  scores.confidence = words == 0 ? 0 : confidence_sum / static_cast<double>(words);
  scores.lexicon = candidates == 0 ? 0 : static_cast<double>(in_lexicon) / static_cast<double>(candidates);
  std::uint32_t characters = 0;
  for_each_grapheme(normalised(reading.text, Folding{}), [&](std::u32string_view cluster) {
    if (cluster != U" ") ++characters;
  });
  scores.characters = characters;
  scores.cer = scores.wer = scores.word_recall = std::nullopt;
  if (reference == nullptr) return;
  const TextScores text = compare(reading.text, *reference);
  scores.cer = text.cer;
  scores.wer = text.wer;
  scores.word_recall = text.word_recall;
}

std::size_t letter_count(std::string_view word) {
  std::size_t letters = 0;
  while (!word.empty()) {
    const Decoded front = decode_front(word);
    if (is_letter(front.code)) ++letters;
    word.remove_prefix(front.bytes);
  }
  return letters;
}

std::string_view trimmed_punctuation(std::string_view word) {
  while (!word.empty()) {
    const Decoded front = decode_front(word);
    if (!is_punctuation_or_symbol(front.code)) break;
    word.remove_prefix(front.bytes);
  }
  std::size_t end = 0;  // past the last code point that stays
  for (std::size_t at = 0; at < word.size();) {
    const Decoded here = decode_front(word.substr(at));
    at += here.bytes;
    if (!is_punctuation_or_symbol(here.code)) end = at;
  }
  return word.substr(0, end);
}

Result<std::string> checked_ground_truth(std::string_view bytes) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  const std::size_t start = bytes.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  std::string text;
  text.reserve(bytes.size());
  std::size_t line = 1;
  for (std::size_t at = start; at < bytes.size();) {
    const auto place = [&] { return " at offset " + std::to_string(at) + " (line " + std::to_string(line) + ")"; };
    const Decoded here = decode_front(bytes.substr(at));
    if (!here.valid) {
      const auto byte = static_cast<std::uint8_t>(bytes[at]);
      return Error{"byte 0x" + to_hex(&byte, 1) + place() + " is not UTF-8"};
    }
    if (here.code == 0) return Error{"NUL byte" + place() + ": ground truth is plain text"};
    if (here.code == U'\r') {
      if (at + 1 < bytes.size() && bytes[at + 1] == '\n') ++at;
      text.push_back('\n');
    } else {
      text.append(bytes.substr(at, here.bytes));
    }
    if (text.back() == '\n') ++line;
    at += here.bytes;
  }
  return text;
}

}  // namespace ocrs
