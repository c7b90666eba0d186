// A stranger at a coordinator's door, for end-to-end tests: connects with the keys and versions it is told, says HELLO,
// grants credit, hands in a result it never computed and asks for a blob. Prints one line per thing that happens.
//   ocrscreen-test-peer ENDPOINT SECONDS [server_key=K] [public_key=K secret_key=K] [major=N] [tesseract=V] [blob=HEX]
//   [blobs=ENDPOINT]
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "common/core/codec.hpp"
#include "common/io/host.hpp"
#include "common/io/socket.hpp"

namespace {

using namespace ocrs;
using Clock = std::chrono::steady_clock;

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

Hello hello_of(std::map<std::string, std::string>& given) {
  Hello hello;
  if (given.contains("major")) hello.major = static_cast<std::uint32_t>(std::stoul(given["major"]));
  hello.build = "peer";
  hello.worker = random_uuid();
  hello.host_id = hello.host_name = "peer";
  hello.engine = {given["tesseract"], given["leptonica"], given["opencv"]};
  hello.lanes = 1;
  return hello;
}

/// A made-up result, as a cheat would hand it in.
std::string forged_result(const ContentHash& run, EvaluationId id, Attempt attempt, double confidence) {
  ResultMessage result;
  result.run = run;
  result.batch = BatchId{1};
  result.result.id = id;
  result.result.attempt = attempt;
  result.result.scores.confidence = confidence;
  result.result.scores.words = 1;
  result.result.scores.characters = 1;
  result.result.reading.bytes[0] = 1;
  result.reading = "x";
  return encode(WorkerMessage(result));
}

void print(const CoordinatorMessage& message, ContentHash& run, std::optional<Batch>& canary) {
  if (const auto* reject = std::get_if<Reject>(&message)) {
    say("REJECT " + std::string(to_string(reject->code)) + (reject->retry_after_s > 0 ? " later: " : ": ") +
        reject->text);
  } else if (std::holds_alternative<Welcome>(message)) {
    say("WELCOME");
  } else if (const auto* screening = std::get_if<ScreeningSpec>(&message)) {
    run = screening->run;
    say("SCREENING");
  } else if (const auto* batch = std::get_if<Batch>(&message)) {
    const bool is_canary = batch->attempts.size() == 1 && batch->attempts.front() == Attempt{0};
    say(is_canary ? "CANARY" : "BATCH");
    if (is_canary) canary = *batch;
  } else if (std::holds_alternative<Acknowledge>(message)) {
    say("ACK");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> given;
  for (int i = 3; i < argc; ++i) {
    const std::string text = argv[i];
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) given[text.substr(0, equals)] = text.substr(equals + 1);
  }
  SocketOptions options;
  options.linger = std::chrono::milliseconds(0);
  if (given.contains("server_key")) {
    options.curve = *make_curve_keys();
    if (given.contains("secret_key")) options.curve = CurveKeys{given["public_key"], given["secret_key"], ""};
    options.curve->server_key = given["server_key"];
  }
  WireContext context;
  DealerSocket control(context, options), pages(context, options);
  if (!control.connect(argv[1]) || (given.contains("blobs") && !pages.connect(given["blobs"]))) return 2;
  const auto until = Clock::now() + std::chrono::milliseconds(static_cast<int>(std::stod(argv[2]) * 1000));
  ContentHash run, blob;
  for (std::size_t i = 0; i < blob.bytes.size() && given["blob"].size() == 2 * blob.bytes.size(); ++i) {
    blob.bytes[i] = static_cast<std::uint8_t>(std::stoul(given["blob"].substr(2 * i, 2), nullptr, 16));
  }
  std::optional<Batch> canary;
  auto again = Clock::now();
  while (Clock::now() < until) {
    std::vector<WaitItem> wait{{control.handle()}, {pages.handle()}};
    wait_ready(wait, std::chrono::milliseconds(20));
    for (const SocketEvent& event : control.events()) {
      if (event.kind == SocketEventKind::handshake_failed) say("HANDSHAKE " + event.text);
      if (event.kind == SocketEventKind::ready) {
        say("READY");
        (void)control.send(encode(WorkerMessage(hello_of(given))));
      }
    }
    while (const auto frame = control.receive()) {
      if (const auto message = decode_coordinator_message(*frame)) print(*message, run, canary);
    }
    while (const auto frame = pages.receive()) {
      const auto answer = decode_blob_answer(*frame);
      say(answer && std::holds_alternative<BlobChunk>(*answer) ? "PAGE" : "MISSING");
    }
    if (Clock::now() < again) continue;
    again = Clock::now() + std::chrono::milliseconds(100);
    (void)control.send(encode(WorkerMessage(Credit{LaneIndex{0}, 1})));
    (void)control.send(forged_result(run, {PageIndex{0}, PointIndex{0}}, Attempt{1}, 99));
    if (canary && given.contains("confidence")) {
      const EvaluationId id{canary->page, canary->points.at(0).index};
      (void)control.send(forged_result(run, id, Attempt{0}, std::stod(given["confidence"])));
      canary.reset();
    }
    if (given.contains("blobs")) (void)pages.send(encode(BlobQuestion(BlobRequest{blob, 0, blob_chunk_max})));
  }
  return 0;
}
