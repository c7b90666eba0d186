// What decoding does with frames that are damaged, hostile, older or newer. Frames are laid out by hand here.
#include "common/core/codec.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "common/core/utf8.hpp"
#include "tests/support/golden_frames.hpp"
#include "tests/support/random_fields.hpp"

namespace ocrs {
namespace {

// ---- msgpack by hand ----

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}
std::string text(const std::string& s) { return "\xDB" + big_endian(s.size(), 4) + s; }
std::string bin(const std::string& s) { return "\xC6" + big_endian(s.size(), 4) + s; }
std::string uint(std::uint64_t n) { return "\xCF" + big_endian(n, 8); }
std::string sint(std::int64_t n) { return "\xD3" + big_endian(static_cast<std::uint64_t>(n), 8); }
std::string number(double d) {
  std::uint64_t bits = 0;
  static_assert(sizeof bits == sizeof d);
  std::memcpy(&bits, &d, sizeof d);
  return "\xCB" + big_endian(bits, 8);
}
const std::string nil = "\xC0";
const std::string yes = "\xC3";
std::string array(const std::vector<std::string>& items) {
  std::string out = "\xDD" + big_endian(items.size(), 4);
  for (const auto& item : items) out += item;
  return out;
}
using Entries = std::vector<std::pair<std::string, std::string>>;
std::string map(const Entries& entries) {
  std::string out = "\xDF" + big_endian(entries.size(), 4);
  for (const auto& [key, value] : entries) out += text(key) + value;
  return out;
}
std::string frame(const std::string& name, const Entries& entries) { return array({text(name), map(entries)}); }

const std::string hash32 = bin(std::string(32, 'h'));
const std::string evaluation = array({uint(1), sint(-1)});

std::string worker_error(const std::string& bytes) {
  const auto decoded = decode_worker_message(bytes);
  return decoded ? "decoded" : decoded.error().text;
}
std::string coordinator_error(const std::string& bytes) {
  const auto decoded = decode_coordinator_message(bytes);
  return decoded ? "decoded" : decoded.error().text;
}
std::string result_with(const Entries& result) {
  Entries whole{{"id", evaluation}, {"attempt", uint(1)}};
  whole.insert(whole.end(), result.begin(), result.end());
  return frame("RESULT", {{"run", hash32}, {"batch", uint(1)}, {"result", map(whole)}});
}

// ---- round trips ----

template <class Variant, std::size_t I = 0, class Decode>
void expect_round_trips(test::RandomFields& random, Decode decode) {
  if constexpr (I < std::variant_size_v<Variant>) {
    for (int i = 0; i < 100; ++i) {
      const Variant sent(random.make<std::variant_alternative_t<I, Variant>>());
      const auto received = decode(encode(sent));
      ASSERT_TRUE(received.ok()) << received.error().text;
      ASSERT_TRUE(*received == sent) << "alternative " << I << ", try " << i;
    }
    expect_round_trips<Variant, I + 1>(random, decode);
  }
}

TEST(Codec, GivesBackEveryMessageItWasGiven) {
  test::RandomFields random(20240229);
  expect_round_trips<WorkerMessage>(random, decode_worker_message);
  expect_round_trips<CoordinatorMessage>(random, decode_coordinator_message);
  expect_round_trips<BlobQuestion>(random, decode_blob_question);
  expect_round_trips<BlobAnswer>(random, decode_blob_answer);
  expect_round_trips<EvaluatorCommand>(random, decode_evaluator_command);
  expect_round_trips<EvaluatorReport>(random, decode_evaluator_report);
  for (int i = 0; i < 100; ++i) {
    const auto sent = random.make<Reading>();
    const auto received = decode_reading(encode(sent));
    ASSERT_TRUE(received.ok()) << received.error().text;
    ASSERT_TRUE(*received == sent);
  }
}

TEST(Codec, KeepsWholeNumberedFloatsApartFromIntegers) {
  const Batch sent{{},          {}, {}, {}, false, {{PointIndex{5}, {12.0, std::int64_t{12}, 0.0, std::int64_t{0}}}},
                   {Attempt{1}}};
  const auto received = decode_coordinator_message(encode(CoordinatorMessage(sent)));
  ASSERT_TRUE(received.ok()) << received.error().text;
  const auto& values = std::get<Batch>(*received).points[0].values;
  EXPECT_TRUE(std::holds_alternative<double>(values[0]));
  EXPECT_TRUE(std::holds_alternative<std::int64_t>(values[1]));
  EXPECT_TRUE(std::holds_alternative<double>(values[2]));
  EXPECT_TRUE(std::holds_alternative<std::int64_t>(values[3]));
}

TEST(Codec, GivesEqualReadingsEqualBytes) {
  Reading positive{"x", {{"x", 0.0, 0, 0, 1, 1, false}}};
  Reading negative = positive;
  negative.words[0].confidence = -0.0;
  EXPECT_EQ(encode(positive), encode(negative));
}

// ---- damage ----

template <class Decode>
void expect_damage_is_survived(const std::string& frame, Decode decode) {
  if (!decode(frame).ok()) return;  // a frame of another conversation
  for (std::size_t length = 0; length < frame.size(); ++length)
    EXPECT_FALSE(decode(std::string_view(frame).substr(0, length)).ok()) << "cut to " << length;
  EXPECT_FALSE(decode(frame + '\0').ok()) << "a byte too many";
  for (std::size_t at = 0; at < frame.size(); ++at) {
    for (const int value : {0x00, 0x7F, 0x80, 0x90, 0xC0, 0xC1, 0xC6, 0xCB, 0xDB, 0xDD, 0xDF, 0xFF}) {
      std::string damaged = frame;
      damaged[at] = static_cast<char>(value);
      const auto decoded = decode(damaged);
      if (!decoded.ok()) {
        EXPECT_FALSE(decoded.error().text.empty());
        continue;
      }
      // What is accepted is a proper message: it can be sent on.
      const auto again = decode(encode(*decoded));
      ASSERT_TRUE(again.ok()) << again.error().text;
      EXPECT_TRUE(*again == *decoded);
    }
  }
}

TEST(Codec, RefusesFramesCutAnywhereAndSurvivesEveryDamagedByte) {
  for (const auto& [name, bytes] : test::golden_frames()) {
    SCOPED_TRACE(name);
    expect_damage_is_survived(bytes, decode_worker_message);
    expect_damage_is_survived(bytes, decode_coordinator_message);
    expect_damage_is_survived(bytes, decode_blob_question);
    expect_damage_is_survived(bytes, decode_blob_answer);
    expect_damage_is_survived(bytes, decode_evaluator_command);
    expect_damage_is_survived(bytes, decode_evaluator_report);
    expect_damage_is_survived(bytes, decode_reading);
  }
}

TEST(Codec, RefusesFramesThatAskForMoreThanTheyCarry) {
  const std::string too_many = "frame: announces more elements than it has bytes";
  EXPECT_EQ(worker_error("\xDD\xFF\xFF\xFF\xFF"), too_many);
  EXPECT_EQ(worker_error("\xDF\xFF\xFF\xFF\xFF"), too_many);
  EXPECT_EQ(worker_error(array({text("CREDIT"), "\xDF\x7F\xFF\xFF\xFF"})), too_many);
  // Many nested arrays, each small enough alone.
  std::string nested;
  for (int i = 0; i < 4; ++i) nested += "\xDD" + big_endian(600, 4);
  EXPECT_EQ(worker_error(nested + std::string(1000, '\xC0')), too_many);
  EXPECT_EQ(worker_error("\xDB\xFF\xFF\xFF\xFF"), "frame: not msgpack, or cut off");
  EXPECT_EQ(worker_error("\xC6\xFF\xFF\xFF\xFF"), "frame: not msgpack, or cut off");
  EXPECT_EQ(worker_error(""), "frame: not msgpack, or cut off");
}

TEST(Codec, RefusesDeepNestingExtensionsAndTooManyElements) {
  EXPECT_EQ(worker_error(std::string(100000, '\x91')), "frame: nested too deeply");
  EXPECT_EQ(worker_error(std::string(8, '\x91') + nil),
            "frame: expected an array of a message's name and a map of its fields");
  EXPECT_EQ(worker_error(std::string(9, '\x91') + nil), "frame: nested too deeply");
  EXPECT_EQ(worker_error(std::string("\xC7\x01\x05") + "x"), "frame: has an extension type");
  EXPECT_EQ(worker_error("\xDD" + big_endian(5'000'000, 4) + std::string(5'000'000, '\xC0')),
            "frame: too many elements");
  Entries many;
  for (int i = 0; i < 257; ++i) many.emplace_back("k" + std::to_string(i), nil);
  EXPECT_EQ(worker_error(frame("DRAINING", many)), "DRAINING: more than 256 entries");
}

// ---- wrong contents, and how they are told ----

TEST(Codec, NamesTheMessageAndTheFieldThatIsWrong) {
  EXPECT_EQ(worker_error(result_with({{"scores", map({{"confidence", text("high")}})}})),
            "RESULT: field 'result.scores.confidence': expected a number");
  EXPECT_EQ(worker_error(frame("RETURNED", {{"batch", uint(1)}, {"evaluations", array({map({{"id", evaluation}})})}})),
            "RETURNED: field 'evaluations[0].attempt': missing");
  EXPECT_EQ(coordinator_error(frame("BATCH", {{"run", hash32}, {"batch", uint(1)}})), "BATCH: field 'lane': missing");
  EXPECT_EQ(worker_error(result_with({{"failure", map({{"kind", uint(7)}})}})),
            "RESULT: field 'result.failure.kind': expected a whole number in 0 to 6");
  EXPECT_EQ(worker_error(result_with({{"cost", map({{"stages_run", array({uint(1)})}})}})),
            "RESULT: field 'result.cost': 'stages_run' and 'stage_ms' differ in length");
  EXPECT_EQ(worker_error(result_with({{"backend", text("c\xFFpu")}})),
            "RESULT: field 'result.backend': not UTF-8 at byte 1");
  EXPECT_EQ(worker_error(result_with({{"reading", bin(std::string(31, 'h'))}})),
            "RESULT: field 'result.reading': expected 32 bytes");
  EXPECT_EQ(worker_error(frame("RESULT", {{"run", text(std::string(32, 'h'))}})),
            "RESULT: field 'run': expected 32 bytes");
  EXPECT_EQ(worker_error(frame("CREDIT", {{"lane", uint(std::uint64_t{1} << 32)}})),
            "CREDIT: field 'lane': expected a whole number in 0 to 4294967295");
  EXPECT_EQ(worker_error(frame("CREDIT", {{"lane", sint(-1)}})),
            "CREDIT: field 'lane': expected a whole number in 0 to 4294967295");
  EXPECT_EQ(worker_error(frame("CREDIT", {{"lane", number(1)}})),
            "CREDIT: field 'lane': expected a whole number in 0 to 4294967295");
  EXPECT_EQ(worker_error(frame("DRAINING", {{"why", text(std::string(65537, 'x'))}})),
            "DRAINING: field 'why': longer than 65536 bytes");
  EXPECT_EQ(worker_error(frame("DRAINING", {{"why", bin("x")}})), "DRAINING: field 'why': expected a text");
  EXPECT_EQ(worker_error(frame("DRAINING", {{"why", text("x")}, {"why", text("y")}})),
            "DRAINING: key 'why' comes twice");
  EXPECT_EQ(worker_error(frame("DRAINING", {{"new", text("x")}, {"new", text("y")}})),
            "DRAINING: key 'new' comes twice");
  EXPECT_EQ(worker_error(array({text("DRAINING"), "\x81" + nil + nil})), "DRAINING: a key is not a text");
  EXPECT_EQ(worker_error(array({text("DRAINING"), array({})})), "DRAINING: expected a map of fields");
  EXPECT_EQ(worker_error(frame("NEWS", {})), "NEWS: no message of this name is expected here");
  EXPECT_EQ(coordinator_error(frame("CREDIT", {{"lane", uint(0)}})),
            "CREDIT: no message of this name is expected here");
  EXPECT_EQ(worker_error(frame("HELLO", {{"magic", text("other")}})), "HELLO: field 'magic': expected 'ocrscreen'");
}

TEST(Codec, RefusesPointsThatNoDesignHas) {
  const auto with_point = [](const std::string& point) {
    return frame("RETRACT", {{"batch", uint(1)}, {"evaluations", array({array({uint(0), point})})}});
  };
  EXPECT_EQ(coordinator_error(with_point(sint(-1))), "decoded");
  EXPECT_EQ(coordinator_error(with_point(uint(2147483647))), "decoded");
  const std::string wrong = "RETRACT: field 'evaluations[0].point': expected a point index from -1 to 2147483647";
  EXPECT_EQ(coordinator_error(with_point(sint(-2))), wrong);
  EXPECT_EQ(coordinator_error(with_point(uint(2147483648))), wrong);
}

TEST(Codec, RefusesNumbersThatAreNotFinite) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(worker_error(result_with({{"scores", map({{"cer", number(bad)}})}})),
              "RESULT: field 'result.scores.cer': expected a finite number");
    EXPECT_EQ(coordinator_error(frame("WELCOME", {{"lease_s", number(bad)}})),
              "WELCOME: field 'lease_s': expected a finite number");
  }
}

TEST(Codec, RefusesBatchesWithoutOneAttemptPerPoint) {
  const std::string point = map({{"index", uint(4)}});
  EXPECT_EQ(coordinator_error(frame("BATCH", {{"run", hash32},
                                              {"batch", uint(1)},
                                              {"lane", uint(0)},
                                              {"page", uint(0)},
                                              {"points", array({point, point})},
                                              {"attempts", array({uint(1)})}})),
            "BATCH: 'points' and 'attempts' differ in length");
}

TEST(Codec, BoundsBlobQuestionsAndChunks) {
  const auto question = [](std::uint64_t length) {
    return decode_blob_question(frame("BLOB_REQUEST", {{"hash", hash32}, {"length", uint(length)}})).ok();
  };
  EXPECT_TRUE(question(262144));
  EXPECT_FALSE(question(262145));
  EXPECT_FALSE(question(0));
  const auto chunk = [](std::uint64_t offset, std::uint64_t total, std::size_t size) {
    const std::string bytes = bin(std::string(size, 'b'));
    return decode_blob_answer(
               frame("BLOB_CHUNK",
                     {{"hash", hash32}, {"offset", uint(offset)}, {"total", uint(total)}, {"bytes", bytes}}))
        .ok();
  };
  EXPECT_TRUE(chunk(0, 262144, 262144));
  EXPECT_FALSE(chunk(0, 300000, 262145));
  EXPECT_FALSE(chunk(10, 14, 5));
  EXPECT_FALSE(chunk(std::numeric_limits<std::uint64_t>::max(), 14, 5));
}

// ---- other versions ----

TEST(Codec, KeepsDefaultsForMissingFieldsAndSkipsUnknownOnes) {
  const auto welcome = decode_coordinator_message(frame("WELCOME", {{"from_the_future", array({nil, map({})})}}));
  ASSERT_TRUE(welcome.ok()) << welcome.error().text;
  EXPECT_EQ(std::get<Welcome>(*welcome), Welcome{});
}

TEST(Codec, ReadsFieldsInAnyOrderAndAnyIntegerForm) {
  const auto credit = decode_worker_message(array({text("CREDIT"), map({{"batches", "\x05"}, {"lane", "\xCC\x02"}})}));
  ASSERT_TRUE(credit.ok()) << credit.error().text;
  EXPECT_EQ(std::get<Credit>(*credit), (Credit{LaneIndex{2}, 5}));
}

TEST(Codec, ReadsOfAnotherMajorVersionJustEnoughToRefuseIt) {
  const auto hello = decode_worker_message(frame(
      "HELLO", {{"magic", text("ocrscreen")}, {"major", uint(2)}, {"build", text("9.9")}, {"hardware", text("new")}}));
  ASSERT_TRUE(hello.ok()) << hello.error().text;
  EXPECT_EQ(std::get<Hello>(*hello).major, 2u);
  EXPECT_EQ(std::get<Hello>(*hello).build, "9.9");
}

// ---- texts from outside ----

TEST(Codec, SendsBadTextsAsReadableOnes) {
  const std::string why = std::string("caf\xE9 ") + std::string(70000, 'x');
  const auto received = decode_worker_message(encode(WorkerMessage(Goodbye{why})));
  ASSERT_TRUE(received.ok()) << received.error().text;
  const auto& text = std::get<Goodbye>(*received).why;
  EXPECT_TRUE(text.starts_with("caf\xEF\xBF\xBD xxx"));
  EXPECT_EQ(text.size(), 65536u);
}

TEST(Utf8, AcceptsWhatTheStandardCallsWellFormedAndNothingElse) {
  for (const char* good : {"", "abc", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xE1\x80",
                          "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_EQ(utf8_prefix(bad), 0u) << bad;
  EXPECT_EQ(utf8_prefix("ab\xC3\xA9\xFFz"), 4u);
}

TEST(Utf8, CutsAtACharacter) {
  EXPECT_EQ(made_utf8("aéé", 4), "aé");
  EXPECT_EQ(made_utf8("aé\xFF", 100), "aé\xEF\xBF\xBD");
}

}  // namespace
}  // namespace ocrs
