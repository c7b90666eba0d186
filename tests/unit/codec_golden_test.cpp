// Every message against the golden frames of PROTOCOL.md, whose bytes were laid out from the msgpack specification.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/core/codec.hpp"
#include "tests/support/golden_frames.hpp"

namespace ocrs {
namespace {

ContentHash hash(int first) {
  ContentHash h;
  for (std::size_t i = 0; i < h.bytes.size(); ++i) h.bytes[i] = static_cast<std::uint8_t>(first + static_cast<int>(i));
  return h;
}

EvaluationId id(std::uint32_t page, std::int64_t point) { return {PageIndex{page}, PointIndex{point}}; }
const EngineVersions engine{"5.3.0", "1.82.0", "4.6.0"};
const HeldEvaluation held{id(3, -1), Attempt{2}};

EvaluationResult done() {
  EvaluationResult r;
  r.id = id(3, 17);
  r.attempt = Attempt{1};
  r.scores = {91.25, 180, 1012, 0.875, 2310.5, 61.0, std::nullopt, 0.0625, 0.25, 0.75};
  r.cost = {{0, 4}, {12.5, 840.0}, 1300.25, true, 2153.0};
  r.reading = hash(64);
  r.backend = "cpu";
  return r;
}

EvaluationResult failed() {
  EvaluationResult r;
  r.id = id(3, 18);
  r.attempt = Attempt{2};
  r.failure = Failure{FailureKind::memory, "denoise(h=12.5,window=21)", "ran out of its memory limit of 2048 MiB",
                      "terminate called\n"};
  r.cost.elapsed_ms = 5.5;
  r.backend = "cpu";
  return r;
}

std::vector<Point> points() {
  return {{baseline_point, {}},
          {PointIndex{1023}, {std::string("nlm"), std::int64_t{45}, 12.0, 0.1, std::monostate{}}}};
}

ScreeningSpec screening() {
  ScreeningSpec s;
  s.run = hash(16);
  s.stages = {"open.scale", "open.denoise"};
  s.factors = {{"denoise", FactorUnit::none}, {"line_h", FactorUnit::px300}};
  s.engine = {1, 2000, true};
  s.limits = {200'000'000, 200'000, 600};
  s.folding = {true, false, true};
  s.scores = 1;
  s.models = {{"fra", hash(5), 1137892}};
  s.pages = {{hash(1), 2, "fra+eng", 4, 300, 2481, 3508, hash(2)},
             {hash(3), 0, "eng", 6, 150.5, 886, 630, std::nullopt}};
  return s;
}

Hello hello() {
  Hello h;
  h.build = "0.1.0";
  for (std::size_t i = 0; i < 16; ++i) h.worker.bytes[i] = static_cast<std::uint8_t>(i);
  h.host_id = "9f86d081884c7d65";
  h.host_name = "labor-7";
  h.hardware = {"Xeon", 8, 16, 34359738368, 30000000000, {{"RTX", "535.1", 46, 8589934592}}};
  h.engine = engine;
  h.lanes = 15;
  h.held_run = hash(16);
  h.held = {held, {id(70000, 1048575), Attempt{1}}};
  h.spooled = 1;
  return h;
}

Reading reading() {
  return {"Reçu\n№ 7", {{"Reçu", 96.5, 10, -2, 140, 38, true}, {"№", 0.0, 150, 0, 70000, 40, false}}};
}

const BatchId batch7{7};
const std::string png("\x89PNG\r\n", 6);
const std::string zstd("\x28\xb5\x2f\xfd\x00", 5);
const std::string document("\x92\xa7READING", 9);

/// Decodes the frame into `expected` and encodes `expected` into the frame.
using Check = std::function<void(const std::string&)>;

template <class Variant, class Decode>
Check check_of(const Variant& expected, Decode decode) {
  return [expected, decode](const std::string& frame) {
    const auto decoded = decode(frame);
    ASSERT_TRUE(decoded.ok()) << decoded.error().text;
    EXPECT_TRUE(*decoded == expected);
    EXPECT_EQ(encode(expected), frame);
  };
}
Check worker(const WorkerMessage& m) { return check_of(m, decode_worker_message); }
Check coordinator(const CoordinatorMessage& m) { return check_of(m, decode_coordinator_message); }
Check question(const BlobQuestion& m) { return check_of(m, decode_blob_question); }
Check answer(const BlobAnswer& m) { return check_of(m, decode_blob_answer); }
Check command(const EvaluatorCommand& m) { return check_of(m, decode_evaluator_command); }
Check report(const EvaluatorReport& m) { return check_of(m, decode_evaluator_report); }

std::map<std::string, Check> checks() {
  return {
      {"HELLO", worker(hello())},
      {"CREDIT", worker(Credit{LaneIndex{3}, 2})},
      {"HEARTBEAT-worker", worker(WorkerHeartbeat{300, 15, 14.5, 29000000000})},
      {"RESULT", worker(ResultMessage{hash(16), BatchId{4294967296}, done(), zstd})},
      {"RESULT-failed", worker(ResultMessage{hash(16), batch7, failed(), ""})},
      {"RETURNED", worker(Returned{batch7, {held}, "drain"})},
      {"BATCH_FINISHED", worker(BatchFinished{batch7})},
      {"DRAINING", worker(Draining{"SIGTERM"})},
      {"GOODBYE", worker(Goodbye{"drained"})},
      {"WELCOME", coordinator(Welcome{0, "0.1.0", "tcp://0.0.0.0:5556", 5, 30, 900})},
      {"REJECT", coordinator(Reject{RejectCode::not_ready, "still reading pages", 2.5})},
      {"SCREENING", coordinator(screening())},
      {"BATCH",
       coordinator(Batch{hash(16), batch7, LaneIndex{0}, PageIndex{3}, true, points(), {Attempt{1}, Attempt{2}}})},
      {"ACK", coordinator(Acknowledge{hash(16), {held}})},
      {"HEARTBEAT-coordinator", coordinator(CoordinatorHeartbeat{65536})},
      {"RETRACT", coordinator(Retract{batch7, {id(3, 17), id(3, -1)}})},
      {"DRAIN", coordinator(Drain{"operator"})},
      {"SCREENING_FINISHED", coordinator(ScreeningFinished{hash(16)})},
      {"BLOB_REQUEST", question(BlobRequest{hash(1), 5000000000, 262144})},
      {"BLOB_CHUNK", answer(BlobChunk{hash(1), 262144, 262150, png})},
      {"BLOB_MISSING", answer(BlobMissing{hash(1), "page.png changed since the screening started"})},
      {"PREPARE", command(Prepare{screening(), "/var/cache/ocrscreen/tessdata"})},
      {"LOAD_PAGE", command(LoadPage{PageIndex{1}, "Reçu № 7\n"})},
      {"EVALUATE", command(Evaluate{batch7, PageIndex{1}, points(), {Attempt{1}, Attempt{2}}})},
      {"DESCRIBE_PAGE", command(DescribePage{"letters/a.tif", 200'000'000})},
      {"CHECK_MODELS", command(CheckModels{"/tmp/models", {"fra+eng", "deu"}, 0})},
      {"PREVIEW", command(Preview{PageIndex{1}, Point{PointIndex{1023}, {FactorValue{}, FactorValue{"nlm"}}}, 900})},
      {"RENDER", command(Render{PageIndex{1}, points()[1], DocumentFormat::pdf, "box/a & b.tif#2"})},
      {"QUIT", command(Quit{})},
      {"READY", report(Ready{engine})},
      {"STARTED", report(Started{id(1, 1023), "recognise"})},
      {"EVALUATED", report(Evaluated{batch7, done(), document})},
      {"EVALUATE_DONE", report(EvaluateDone{batch7, 412000000, 733000000})},
      {"PAGE_DESCRIPTION", report(PageDescription{"", {{2481, 3508, 300, "tag", 201.25, 3.5}}})},
      {"MODELS_CHECKED", report(ModelsChecked{"/tmp/models: no deu.traineddata"})},
      {"PREVIEWED", report(Previewed{"", "RIFF"})},
      {"RENDERED", report(Rendered{done()})},
      {"PROBLEM", report(Problem{"the page was not loaded", true})},
      {"READING", check_of(reading(), decode_reading)},
  };
}

TEST(ProtocolPage, HoldsOneGoldenFrameForEveryMessage) {
  const auto frames = test::golden_frames();
  for (const auto& [name, check] : checks()) EXPECT_TRUE(frames.contains(name)) << name;
  for (const auto& [name, frame] : frames) EXPECT_TRUE(checks().contains(name)) << name;
}

TEST(Codec, ReadsAndWritesTheGoldenFramesOfTheProtocolPage) {
  const auto known = checks();
  for (const auto& [name, frame] : test::golden_frames()) {
    SCOPED_TRACE(name);
    if (const auto check = known.find(name); check != known.end()) check->second(frame);
  }
}

TEST(Codec, NamesMessagesAsTheProtocolPageDoes) {
  EXPECT_EQ(name_of(WorkerMessage(Credit{})), "CREDIT");
  EXPECT_EQ(name_of(CoordinatorMessage(Acknowledge{})), "ACK");
}

}  // namespace
}  // namespace ocrs
