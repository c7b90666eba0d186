#include "common/core/text_scores.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ocrs {
namespace {

constexpr Folding no_folding{};

double cer(std::string_view reading, std::string_view reference, const Folding& folding = no_folding) {
  return compare(reading, Reference(reference, folding)).cer;
}

// The textbook matrix, as an oracle.
template <class Symbol>
std::size_t edit_distance(const std::vector<Symbol>& a, const std::vector<Symbol>& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
    }
  }
  return d[a.size()][b.size()];
}

TEST(CharacterErrorRate, IsEditsDividedByTheReferencesLength) {
  EXPECT_DOUBLE_EQ(cer("kitten", "sitting"), 3.0 / 7);
  EXPECT_DOUBLE_EQ(cer("sitting", "kitten"), 3.0 / 6);
  EXPECT_DOUBLE_EQ(cer("", "abcd"), 1);
  EXPECT_DOUBLE_EQ(cer("abcd", "abcd"), 0);
}

TEST(CharacterErrorRate, IsNotCappedAtOne) { EXPECT_DOUBLE_EQ(cer("abcdefgh", "xy"), 4); }

TEST(CharacterErrorRate, OfAnEmptyReferenceAsksOnlyWhetherSomethingWasRead) {
  EXPECT_DOUBLE_EQ(cer("", ""), 0);
  EXPECT_DOUBLE_EQ(cer(" \n\t ", "\n"), 0);
  EXPECT_DOUBLE_EQ(cer("something long", " "), 1);
  const TextScores nothing = compare("  ", Reference("", no_folding));
  EXPECT_DOUBLE_EQ(nothing.wer, 0);
  EXPECT_DOUBLE_EQ(nothing.word_recall, 1);
  const TextScores something = compare("two words", Reference("", no_folding));
  EXPECT_DOUBLE_EQ(something.wer, 1);
  EXPECT_DOUBLE_EQ(something.word_recall, 0);
}

TEST(CharacterErrorRate, TakesComposedAndDecomposedAccentsAsEqual) {
  EXPECT_DOUBLE_EQ(cer("e\u0301te\u0301", "\u00e9t\u00e9"), 0);
  EXPECT_DOUBLE_EQ(cer("\u1e69", "s\u0307\u0323"), 0) << "marks in either order";
  EXPECT_DOUBLE_EQ(cer("\u212b", "\u00c5"), 0) << "the angstrom sign is a canonical twin of its letter";
  EXPECT_DOUBLE_EQ(cer("ete", "\u00e9t\u00e9"), 2.0 / 3);
}

TEST(CharacterErrorRate, CountsAGraphemeClusterAsOneCharacter) {
  EXPECT_DOUBLE_EQ(cer("x", "x\u0323\u0302"), 1) << "one cluster of three code points";
  // A family (three people, two joiners), a flag (two regional indicators) and a thumb with a skin tone.
  const std::string family = "\U0001F468\u200D\U0001F469\u200D\U0001F467";
  const std::string flag = "\U0001F1EB\U0001F1F7";
  const std::string thumb = "\U0001F44D\U0001F3FD";
  EXPECT_EQ(Reference(family + flag + thumb, no_folding).graphemes().size(), 3u);
  EXPECT_DOUBLE_EQ(cer(family + "a" + thumb, family + flag + thumb), 1.0 / 3);
  EXPECT_EQ(Reference(flag + flag, no_folding).graphemes().size(), 2u);
  EXPECT_EQ(Reference("\u1112\u1161\u11ab", no_folding).graphemes().size(), 1u) << "a Hangul syllable in three jamo";
}

TEST(CharacterErrorRate, KeepsCompatibilityFormsApart) {
  EXPECT_DOUBLE_EQ(cer("fi", "\ufb01"), 2) << "NFC leaves the ligature as one character";
  EXPECT_DOUBLE_EQ(cer("\ufb01n", "fin"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(cer("x2", "x\u00b2"), 0.5);
}

TEST(CharacterErrorRate, TakesRunsOfAnyWhiteSpaceAsOneSpaceAndTrimsTheEnds) {
  EXPECT_DOUBLE_EQ(cer("\u3000a\u00a0\u2009 b\r\n\n\u0085c\t\f", "a b c"), 0);
  EXPECT_DOUBLE_EQ(cer("ab c", "a b c"), 1.0 / 5);
  EXPECT_EQ(Reference("  a \u2028\u2029 b ", no_folding).graphemes().size(), 3u);
  EXPECT_EQ(Reference("a\u200bb", no_folding).tokens().size(), 1u) << "zero width space is not White_Space";
}

TEST(CharacterErrorRate, SurvivesBytesThatAreNotUtf8) {
  EXPECT_DOUBLE_EQ(cer("a\xffz", "abz"), 1.0 / 3) << "one bad byte is one character";
  EXPECT_DOUBLE_EQ(cer("caf\xc3", "caf"), 1.0 / 3) << "a sequence cut short";
  EXPECT_DOUBLE_EQ(cer("\xed\xa0\x80", "\ufffd\ufffd\ufffd"), 0) << "a lone surrogate is three bad bytes";
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string noise(random() % 40, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const TextScores scores = compare(noise, Reference("abc \u00e9", Folding{true, true, true}));
    EXPECT_GE(scores.cer, 0);
    EXPECT_LE(letter_count(noise), noise.size());
    EXPECT_LE(trimmed_punctuation(noise).size(), noise.size());
    Scores all;
    score_reading(Reading{noise, {ReadWord{noise, 50, 0, 0, 1, 1, false}}}, nullptr, all);
    EXPECT_LE(all.characters, noise.size());
  }
}

TEST(Folding, IsOffByDefault) {
  EXPECT_DOUBLE_EQ(cer("ABC", "abc"), 1);
  EXPECT_DOUBLE_EQ(cer("\u2019", "'"), 1);
  EXPECT_DOUBLE_EQ(cer("\u2014", "-"), 1);
}

TEST(Folding, OfCaseIgnoresCaseOnBothSides) {
  const Folding fold{.letter_case = true};
  EXPECT_DOUBLE_EQ(cer("TOTAL", "total", fold), 0);
  EXPECT_DOUBLE_EQ(cer("\u00c9T\u00c9 \u0152UVRE", "e\u0301t\u00e9 \u0153uvre", fold), 0);
  EXPECT_DOUBLE_EQ(cer("\u03a3\u03c2", "\u03c3\u03c3", fold), 0) << "final sigma";
  EXPECT_DOUBLE_EQ(cer("STRASSE", "stra\u00dfe", fold), 0) << "full folding";
  EXPECT_DOUBLE_EQ(cer("\u2019", "'", fold), 1) << "quotes stay apart";
}

TEST(Folding, OfQuotesMakesOneSingleAndOneDoubleQuote) {
  const Folding fold{.quotes = true};
  EXPECT_DOUBLE_EQ(cer("\u2018\u2019\u201a\u201b\u2032\u2039\u203a", "'''''''", fold), 0);
  EXPECT_DOUBLE_EQ(cer("\"\"\"\"\"\"\"", "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", fold), 0);
  EXPECT_DOUBLE_EQ(cer("'", "\"", fold), 1);
  EXPECT_DOUBLE_EQ(cer("l\u2019ABC", "l'abc", fold), 3.0 / 5) << "case stays apart";
}

TEST(Folding, OfDashesMakesOneHyphen) {
  const Folding fold{.dashes = true};
  EXPECT_DOUBLE_EQ(cer("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-------", fold), 0);
  EXPECT_DOUBLE_EQ(cer("-", "_", fold), 1);
  EXPECT_DOUBLE_EQ(cer("\u2019", "'", fold), 1);
}

TEST(WordErrorRate, ComparesWhiteSpaceTokensInOrder) {
  const Reference reference("the quick brown fox", no_folding);
  EXPECT_DOUBLE_EQ(compare("the  quick\nbrown fox", reference).wer, 0);
  EXPECT_DOUBLE_EQ(compare("the quack brown", reference).wer, 2.0 / 4);
  EXPECT_DOUBLE_EQ(compare("quick the brown fox", reference).wer, 2.0 / 4);
  EXPECT_DOUBLE_EQ(compare("a b c d e f g h", reference).wer, 2);
}

TEST(WordRecall, IsTheShareOfReferenceWordsFoundInAnyOrderEachOnce) {
  const Reference reference("to be or not to be", no_folding);
  EXPECT_DOUBLE_EQ(compare("be to", reference).word_recall, 2.0 / 6);
  EXPECT_DOUBLE_EQ(compare("to to to to", reference).word_recall, 2.0 / 6);
  EXPECT_DOUBLE_EQ(compare("be be not or to to extra words", reference).word_recall, 1);
  EXPECT_DOUBLE_EQ(compare("To Be", reference).word_recall, 0);
  EXPECT_DOUBLE_EQ(compare("To Be", Reference("to be", Folding{.letter_case = true})).word_recall, 1);
}

TEST(EditPattern, AgreesWithTheTextbookMatrixAtEveryLengthAroundABlock) {
  std::mt19937 random(11);
  for (const std::size_t alphabet : {1u, 2u, 4u, 90u}) {
    for (const std::size_t m : {1u, 2u, 63u, 64u, 65u, 127u, 128u, 129u, 200u, 333u}) {
      for (const std::size_t n : {1u, 40u, 64u, 65u, 130u, 400u}) {
        std::vector<std::uint32_t> pattern(m), text(n);
        for (auto& symbol : pattern) symbol = static_cast<std::uint32_t>(random() % alphabet);
        // Symbols from `alphabet` on are foreign to the pattern.
        for (auto& symbol : text) symbol = static_cast<std::uint32_t>(random() % (alphabet + 2));
        ASSERT_EQ(EditPattern(pattern, alphabet).distance(text), edit_distance(pattern, text))
            << "alphabet " << alphabet << ", " << m << " against " << n;
      }
    }
  }
}

TEST(EditPattern, AgreesWithTheTextbookMatrixOnDamagedCopies) {
  std::mt19937 random(13);
  for (int round = 0; round < 150; ++round) {
    std::vector<std::uint32_t> pattern(random() % 900);
    for (auto& symbol : pattern) symbol = static_cast<std::uint32_t>(random() % 30);
    std::vector<std::uint32_t> text = pattern;
    const std::size_t edits = random() % 200;
    for (std::size_t e = 0; e < edits && !text.empty(); ++e) {
      const auto at = text.begin() + static_cast<std::ptrdiff_t>(random() % text.size());
      switch (random() % 4) {
        case 0:
          *at = static_cast<std::uint32_t>(random() % 30);
          break;
        case 1:
          text.erase(at);
          break;
        case 2:
          text.insert(at, static_cast<std::uint32_t>(random() % 30));
          break;
        // A run that moves throws the best path far from the diagonal.
        default:
          std::rotate(text.begin(), at, text.begin() + (at - text.begin()) + (text.end() - at) / 2);
          break;
      }
    }
    ASSERT_EQ(EditPattern(pattern, 30).distance(text), edit_distance(pattern, text)) << "round " << round;
  }
}

TEST(EditPattern, TakesTheLengthOfTheOtherWhenOneSideIsEmpty) {
  const std::vector<std::uint32_t> three{0, 1, 0};
  EXPECT_EQ(EditPattern().distance(three), 3u);
  EXPECT_EQ(EditPattern(three, 2).distance({}), 3u);
  EXPECT_EQ(EditPattern({}, 0).distance({}), 0u);
}

TEST(TextScores, AgreeWithTheTextbookMatrixOnRandomText) {
  // Spellings of the same character; the oracle only sees which character it is.
  const std::vector<std::vector<std::string>> characters{{"a"},
                                                         {"b"},
                                                         {"e"},
                                                         {"\u00e9", "e\u0301"},
                                                         {"\u00fc", "u\u0308"},
                                                         {"\u0153"},
                                                         {"\u65e5"},
                                                         {"\ufb01"},
                                                         {"q\u0323\u0307", "q\u0307\u0323"},
                                                         {"\U0001F44D\U0001F3FD"},
                                                         {"\u0e19\u0e33"},
                                                         {","},
                                                         {"\u2014"}};
  std::mt19937 random(17);
  const auto random_text = [&](std::string& text) {
    std::vector<std::string> graphemes;
    std::vector<std::string> tokens;
    const std::size_t words = random() % 30;
    for (std::size_t w = 0; w < words; ++w) {
      const std::size_t length = 1 + random() % 6;
      if (w > 0) graphemes.push_back(" ");
      if (w > 0) text += random() % 2 == 0 ? " " : "\n\u00a0";
      tokens.emplace_back();
      for (std::size_t c = 0; c < length; ++c) {
        const std::size_t which = random() % characters.size();
        text += characters[which][random() % characters[which].size()];
        graphemes.push_back(characters[which].front());
        tokens.back() += characters[which].front();
      }
    }
    return std::pair{graphemes, tokens};
  };
  for (int round = 0; round < 300; ++round) {
    std::string reading, truth;
    const auto [read_graphemes, read_tokens] = random_text(reading);
    const auto [true_graphemes, true_tokens] = random_text(truth);
    if (true_graphemes.empty()) continue;
    const Reference reference(truth, no_folding);
    ASSERT_EQ(reference.graphemes().size(), true_graphemes.size()) << truth;
    ASSERT_EQ(reference.tokens().size(), true_tokens.size()) << truth;
    const TextScores scores = compare(reading, reference);
    const auto share = [](std::size_t part, std::size_t whole) {
      return static_cast<double>(part) / static_cast<double>(whole);
    };
    EXPECT_DOUBLE_EQ(scores.cer, share(edit_distance(read_graphemes, true_graphemes), true_graphemes.size()));
    EXPECT_DOUBLE_EQ(scores.wer, share(edit_distance(read_tokens, true_tokens), true_tokens.size()));
    auto a = read_tokens, b = true_tokens;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    std::vector<std::string> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    EXPECT_DOUBLE_EQ(scores.word_recall, share(both.size(), true_tokens.size()));
  }
}

ReadWord word(std::string text, double confidence, bool in_lexicon) {
  ReadWord made;
  made.text = std::move(text);
  made.confidence = confidence;
  made.in_lexicon = in_lexicon;
  return made;
}

TEST(ReadingScores, CountWordsCharactersConfidenceAndLexicon) {
  const Reading reading{"L'e\u0301te\u0301 a\n42 ... xq\n",
                        {word("L'e\u0301te\u0301", 90, true), word("a", 80, true), word("42", 70, false),
                         word("...", 10, false), word("xq", 50, false), word("", 0, false)}};
  Scores scores;
  scores.cer = 0.5;
  score_reading(reading, nullptr, scores);
  EXPECT_EQ(scores.words, 5u) << "the empty word is none";
  EXPECT_EQ(scores.characters, 13u);
  EXPECT_DOUBLE_EQ(scores.confidence, (90 + 80 + 70 + 10 + 50) / 5.0);
  EXPECT_DOUBLE_EQ(scores.lexicon, 0.5) << "of L'ete and xq, the words of two letters or more";
  EXPECT_FALSE(scores.cer) << "no ground truth, no error rate";
  const Reference reference("L'\u00e9t\u00e9 a 42 ... xy", no_folding);
  score_reading(reading, &reference, scores);
  EXPECT_DOUBLE_EQ(*scores.cer, 1.0 / 17);
  EXPECT_DOUBLE_EQ(*scores.wer, 1.0 / 5);
  EXPECT_DOUBLE_EQ(*scores.word_recall, 4.0 / 5);
}

TEST(ReadingScores, OfAnEmptyReadingAreZero) {
  Scores scores;
  const Reference reference("text", no_folding);
  score_reading(Reading{}, &reference, scores);
  EXPECT_EQ(scores.words, 0u);
  EXPECT_EQ(scores.characters, 0u);
  EXPECT_EQ(scores.confidence, 0);
  EXPECT_EQ(scores.lexicon, 0);
  EXPECT_EQ(*scores.cer, 1);
  EXPECT_EQ(*scores.word_recall, 0);
}

TEST(Words, LettersAreCountedByUnicodeCategory) {
  EXPECT_EQ(letter_count("d'\u00e9t\u00e9-1945"), 4u);
  EXPECT_EQ(letter_count("\u65e5\u672c"), 2u);
  EXPECT_EQ(letter_count("123 +-"), 0u);
}

TEST(Words, ArePunctuationTrimmedAtTheEndsOnly) {
  EXPECT_EQ(trimmed_punctuation("\u00ab(don't),\u00bb"), "don't");
  EXPECT_EQ(trimmed_punctuation("...$\u2014"), "");
  EXPECT_EQ(trimmed_punctuation("\u00c9t\u00e9."), "\u00c9t\u00e9");
  EXPECT_EQ(trimmed_punctuation(""), "");
}

TEST(GroundTruth, LosesItsByteOrderMarkAndHasLineFeedsOnly) {
  EXPECT_EQ(checked_ground_truth("\xEF\xBB\xBFun\r\ndeux\rtrois\n\r\n").value(), "un\ndeux\ntrois\n\n");
  EXPECT_EQ(checked_ground_truth("").value(), "");
}

TEST(GroundTruth, NamesTheOffsetOfTheFirstBadByte) {
  const auto latin1 = checked_ground_truth("\xEF\xBB\xBFok\r\nsecond \xE9t\xE9");
  ASSERT_FALSE(latin1.ok());
  EXPECT_NE(latin1.error().text.find("offset 14"), std::string::npos) << latin1.error().text;
  EXPECT_NE(latin1.error().text.find("line 2"), std::string::npos) << latin1.error().text;
  EXPECT_NE(latin1.error().text.find("0xe9"), std::string::npos) << latin1.error().text;
  EXPECT_FALSE(checked_ground_truth("cut \xE2\x82").ok());
  EXPECT_FALSE(checked_ground_truth("overlong \xC0\xAF").ok());
  EXPECT_FALSE(checked_ground_truth("\xFF\xFE"
                                    "U")
                   .ok());
}

TEST(GroundTruth, RefusesNulBytes) {
  const auto truth = checked_ground_truth(std::string_view("ab\0c", 4));
  ASSERT_FALSE(truth.ok());
  EXPECT_NE(truth.error().text.find("offset 2"), std::string::npos) << truth.error().text;
}

}  // namespace
}  // namespace ocrs
