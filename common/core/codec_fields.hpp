// The fields of every struct that travels, each listed once: packing and unpacking visit the same list. Included by
// codec.cpp (and tests). A new message is a struct in messages.hpp, its list here, its wire name here, and PROTOCOL.md.
//
// A visitor is called as v("name", member) for a field with a default, v.required(…) for one without which the message
// means nothing, v.long_text(…) for text of any length, v.raw(…) for bytes. rule_broken_by() says what a decoded struct
// violates that its types do not show, or nullptr.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include "common/core/evaluation.hpp"
#include "common/core/evaluator_messages.hpp"
#include "common/core/messages.hpp"
#include "common/core/screening_spec.hpp"

namespace ocrs {

inline constexpr std::string_view hello_magic = "ocrscreen";

template <class T, class Struct>
concept Like = std::same_as<std::remove_const_t<T>, Struct>;

// ---- shared parts ----

template <class V, Like<GpuInfo> T>
void fields(V& v, T& m) {
  v.required("name", m.name);
  v("driver", m.driver);
  v("compute_units", m.compute_units);
  v("memory_bytes", m.memory_bytes);
}

template <class V, Like<Hardware> T>
void fields(V& v, T& m) {
  v("cpu", m.cpu);
  v("cores", m.cores);
  v("processing_units", m.processing_units);
  v("memory_bytes", m.memory_bytes);
  v("memory_available_bytes", m.memory_available_bytes);
  v("gpus", m.gpus);
}

template <class V, Like<EngineVersions> T>
void fields(V& v, T& m) {
  v("tesseract", m.tesseract);
  v("leptonica", m.leptonica);
  v("opencv", m.opencv);
}

template <class V, Like<HeldEvaluation> T>
void fields(V& v, T& m) {
  v.required("id", m.id);
  v.required("attempt", m.attempt);
}

template <class V, Like<Scores> T>
void fields(V& v, T& m) {
  v("confidence", m.confidence);
  v("words", m.words);
  v("characters", m.characters);
  v("lexicon", m.lexicon);
  v("sharpness", m.sharpness);
  v("contrast", m.contrast);
  v("cnr", m.cnr);
  v("cer", m.cer);
  v("wer", m.wer);
  v("word_recall", m.word_recall);
}

template <class V, Like<Failure> T>
void fields(V& v, T& m) {
  v.required("kind", m.kind);
  v("node", m.node);
  v("text", m.text);
  v("stderr_tail", m.stderr_tail);
}

template <class V, Like<Cost> T>
void fields(V& v, T& m) {
  v("stages_run", m.stages_run);
  v("stage_ms", m.stage_ms);
  v("recognise_ms", m.recognise_ms);
  v("recognised", m.recognised);
  v("elapsed_ms", m.elapsed_ms);
}
inline const char* rule_broken_by(const Cost& m) {
  return m.stages_run.size() == m.stage_ms.size() ? nullptr : "'stages_run' and 'stage_ms' differ in length";
}

template <class V, Like<EvaluationResult> T>
void fields(V& v, T& m) {
  v.required("id", m.id);
  v.required("attempt", m.attempt);
  v("failure", m.failure);
  v("scores", m.scores);
  v("cost", m.cost);
  v("reading", m.reading);
  v("backend", m.backend);
}

template <class V, Like<ReadWord> T>
void fields(V& v, T& m) {
  v.required("text", m.text);
  v("confidence", m.confidence);
  v("left", m.left);
  v("top", m.top);
  v("right", m.right);
  v("bottom", m.bottom);
  v("in_lexicon", m.in_lexicon);
}

template <class V, Like<Reading> T>
void fields(V& v, T& m) {
  v.long_text("text", m.text);
  v("words", m.words);
}

template <class V, Like<Point> T>
void fields(V& v, T& m) {
  v.required("index", m.index);
  v("values", m.values);
}

template <class V, Like<Folding> T>
void fields(V& v, T& m) {
  v("letter_case", m.letter_case);
  v("quotes", m.quotes);
  v("dashes", m.dashes);
}

template <class V, Like<PageSpec> T>
void fields(V& v, T& m) {
  v.required("file", m.file);
  v("frame", m.frame);
  v("languages", m.languages);
  v("psm", m.psm);
  v("dpi", m.dpi);
  v("width", m.width);
  v("height", m.height);
  v("ground_truth", m.ground_truth);
}
inline const char* rule_broken_by(const PageSpec& m) {
  if (m.psm < 0 || m.psm > 13) return "'psm' is not in 0-13";
  return m.dpi > 0 ? nullptr : "'dpi' is not above 0";
}

template <class V, Like<FactorRef> T>
void fields(V& v, T& m) {
  v.required("name", m.name);
  v("unit", m.unit);
}

template <class V, Like<ModelRef> T>
void fields(V& v, T& m) {
  v.required("language", m.language);
  v.required("hash", m.hash);
  v("bytes", m.bytes);
}

template <class V, Like<EngineOptions> T>
void fields(V& v, T& m) {
  v("oem", m.oem);
  v("width_max", m.width_max);
  v("invert", m.invert);
}
inline const char* rule_broken_by(const EngineOptions& m) {
  if (m.oem < 0 || m.oem > 3) return "'oem' is not in 0-3";
  return m.width_max >= 0 ? nullptr : "'width_max' is negative";
}

template <class V, Like<EvaluationLimits> T>
void fields(V& v, T& m) {
  v("max_pixels", m.max_pixels);
  v("components", m.components);
  v("deadline_s", m.deadline_s);
}

template <class V, Like<ScreeningSpec> T>
void fields(V& v, T& m) {
  v.required("run", m.run);
  v("stages", m.stages);
  v("factors", m.factors);
  v("engine", m.engine);
  v("limits", m.limits);
  v("folding", m.folding);
  v("scores", m.scores);
  v("models", m.models);
  v("pages", m.pages);
}

// ---- worker to coordinator ----

template <class V, Like<Hello> T>
void fields(V& v, T& m) {
  v.constant("magic", hello_magic);
  v.required("major", m.major);
  v("minor", m.minor);
  v("build", m.build);
  // Of another major version no more than this is understood: enough to refuse it politely.
  if (V::reading && m.major != protocol_major) return;
  v.required("worker", m.worker);
  v("host_id", m.host_id);
  v("host_name", m.host_name);
  v("hardware", m.hardware);
  v("engine", m.engine);
  v("lanes", m.lanes);
  v("held_run", m.held_run);
  v("held", m.held);
  v("spooled", m.spooled);
}

template <class V, Like<Credit> T>
void fields(V& v, T& m) {
  v.required("lane", m.lane);
  v("batches", m.batches);
}

template <class V, Like<WorkerHeartbeat> T>
void fields(V& v, T& m) {
  v("sequence", m.sequence);
  v("lanes_busy", m.lanes_busy);
  v("load", m.load);
  v("memory_available_bytes", m.memory_available_bytes);
}

template <class V, Like<ResultMessage> T>
void fields(V& v, T& m) {
  v.required("run", m.run);
  v.required("batch", m.batch);
  v.required("result", m.result);
  v.raw("reading", m.reading);
}

template <class V, Like<Returned> T>
void fields(V& v, T& m) {
  v.required("batch", m.batch);
  v("evaluations", m.evaluations);
  v("why", m.why);
}

template <class V, Like<BatchFinished> T>
void fields(V& v, T& m) {
  v.required("batch", m.batch);
}

template <class V, Like<Draining> T>
void fields(V& v, T& m) {
  v("why", m.why);
}

template <class V, Like<Goodbye> T>
void fields(V& v, T& m) {
  v("why", m.why);
}

// ---- coordinator to worker ----

template <class V, Like<Welcome> T>
void fields(V& v, T& m) {
  v("minor", m.minor);
  v("build", m.build);
  v("blob_endpoint", m.blob_endpoint);
  v("heartbeat_s", m.heartbeat_s);
  v("suspect_s", m.suspect_s);
  v("lease_s", m.lease_s);
}
inline const char* rule_broken_by(const Welcome& m) {
  return m.heartbeat_s > 0 && m.suspect_s > 0 && m.lease_s > 0 ? nullptr : "a time is not above 0";
}

template <class V, Like<Reject> T>
void fields(V& v, T& m) {
  v.required("code", m.code);
  v("text", m.text);
  v("retry_after_s", m.retry_after_s);
}
inline const char* rule_broken_by(const Reject& m) {
  return m.retry_after_s >= 0 ? nullptr : "'retry_after_s' is negative";
}

template <class V, Like<Batch> T>
void fields(V& v, T& m) {
  v.required("run", m.run);
  v.required("batch", m.batch);
  v.required("lane", m.lane);
  v.required("page", m.page);
  v("alone", m.alone);
  v.required("points", m.points);
  v.required("attempts", m.attempts);
}
inline const char* rule_broken_by(const Batch& m) {
  return m.points.size() == m.attempts.size() ? nullptr : "'points' and 'attempts' differ in length";
}

template <class V, Like<Acknowledge> T>
void fields(V& v, T& m) {
  v.required("run", m.run);
  v("evaluations", m.evaluations);
}

template <class V, Like<CoordinatorHeartbeat> T>
void fields(V& v, T& m) {
  v("sequence", m.sequence);
}

template <class V, Like<Retract> T>
void fields(V& v, T& m) {
  v.required("batch", m.batch);
  v("evaluations", m.evaluations);
}

template <class V, Like<Drain> T>
void fields(V& v, T& m) {
  v("why", m.why);
}

template <class V, Like<ScreeningFinished> T>
void fields(V& v, T& m) {
  v.required("run", m.run);
}

// ---- blobs ----

template <class V, Like<BlobRequest> T>
void fields(V& v, T& m) {
  v.required("hash", m.hash);
  v("offset", m.offset);
  v.required("length", m.length);
}
inline const char* rule_broken_by(const BlobRequest& m) {
  return m.length > 0 && m.length <= blob_chunk_max ? nullptr : "'length' is not in 1-262144";
}

template <class V, Like<BlobChunk> T>
void fields(V& v, T& m) {
  v.required("hash", m.hash);
  v.required("offset", m.offset);
  v.required("total", m.total);
  v.raw("bytes", m.bytes);
}
inline const char* rule_broken_by(const BlobChunk& m) {
  if (m.bytes.size() > blob_chunk_max) return "'bytes' is longer than 262144";
  return m.offset <= m.total && m.bytes.size() <= m.total - m.offset ? nullptr : "the chunk ends after 'total'";
}

template <class V, Like<BlobMissing> T>
void fields(V& v, T& m) {
  v.required("hash", m.hash);
  v("text", m.text);
}

// ---- evaluator ----

template <class V, Like<Prepare> T>
void fields(V& v, T& m) {
  v.required("screening", m.screening);
  v("tessdata", m.tessdata);
}

template <class V, Like<LoadPage> T>
void fields(V& v, T& m) {
  v.required("page", m.page);
  v.long_text("ground_truth", m.ground_truth);
}

template <class V, Like<Evaluate> T>
void fields(V& v, T& m) {
  v.required("batch", m.batch);
  v.required("page", m.page);
  v.required("points", m.points);
  v.required("attempts", m.attempts);
}
inline const char* rule_broken_by(const Evaluate& m) {
  return m.points.size() == m.attempts.size() ? nullptr : "'points' and 'attempts' differ in length";
}

template <class V, Like<Render> T>
void fields(V& v, T& m) {
  v.required("page", m.page);
  v.required("point", m.point);
  v.required("format", m.format);
  v("title", m.title);
}

template <class V, Like<DescribePage> T>
void fields(V& v, T& m) {
  v("name", m.name);
  v("max_pixels", m.max_pixels);
}

template <class V, Like<CheckModels> T>
void fields(V& v, T& m) {
  v("tessdata", m.tessdata);
  v("languages", m.languages);
  v("oem", m.oem);
}

template <class V, Like<Preview> T>
void fields(V& v, T& m) {
  v.required("page", m.page);
  v.required("point", m.point);
  v.required("width_max", m.width_max);
}

template <class V, Like<Quit> T>
void fields(V&, T&) {}

template <class V, Like<Ready> T>
void fields(V& v, T& m) {
  v("engine", m.engine);
}

template <class V, Like<Started> T>
void fields(V& v, T& m) {
  v.required("evaluation", m.evaluation);
  v("node", m.node);
}

template <class V, Like<Evaluated> T>
void fields(V& v, T& m) {
  v.required("batch", m.batch);
  v.required("result", m.result);
  v.raw("reading", m.reading);
}

template <class V, Like<EvaluateDone> T>
void fields(V& v, T& m) {
  v.required("batch", m.batch);
  v("resident_bytes", m.resident_bytes);
  v("peak_bytes", m.peak_bytes);
}

template <class V, Like<Rendered> T>
void fields(V& v, T& m) {
  v.required("result", m.result);
}

template <class V, Like<PageFrame> T>
void fields(V& v, T& m) {
  v.required("width", m.width);
  v.required("height", m.height);
  v("dpi", m.dpi);
  v("dpi_source", m.dpi_source);
  v("brightness", m.brightness);
  v("noise", m.noise);
}

template <class V, Like<PageDescription> T>
void fields(V& v, T& m) {
  v("error", m.error);
  v("frames", m.frames);
}

template <class V, Like<ModelsChecked> T>
void fields(V& v, T& m) {
  v("error", m.error);
}

template <class V, Like<Previewed> T>
void fields(V& v, T& m) {
  v("error", m.error);
  v.raw("image", m.image);
}

template <class V, Like<Problem> T>
void fields(V& v, T& m) {
  v("text", m.text);
  v("fatal", m.fatal);
}

/// Every struct without a rule of its own.
template <class T>
const char* rule_broken_by(const T&) {
  return nullptr;
}

// ---- names on the wire ----

template <class T>
inline constexpr std::string_view wire_name = {};
template <>
inline constexpr std::string_view wire_name<Hello> = "HELLO";
template <>
inline constexpr std::string_view wire_name<Credit> = "CREDIT";
template <>
inline constexpr std::string_view wire_name<WorkerHeartbeat> = "HEARTBEAT";
template <>
inline constexpr std::string_view wire_name<ResultMessage> = "RESULT";
template <>
inline constexpr std::string_view wire_name<Returned> = "RETURNED";
template <>
inline constexpr std::string_view wire_name<BatchFinished> = "BATCH_FINISHED";
template <>
inline constexpr std::string_view wire_name<Draining> = "DRAINING";
template <>
inline constexpr std::string_view wire_name<Goodbye> = "GOODBYE";
template <>
inline constexpr std::string_view wire_name<Welcome> = "WELCOME";
template <>
inline constexpr std::string_view wire_name<Reject> = "REJECT";
template <>
inline constexpr std::string_view wire_name<ScreeningSpec> = "SCREENING";
template <>
inline constexpr std::string_view wire_name<Batch> = "BATCH";
template <>
inline constexpr std::string_view wire_name<Acknowledge> = "ACK";
template <>
inline constexpr std::string_view wire_name<CoordinatorHeartbeat> = "HEARTBEAT";
template <>
inline constexpr std::string_view wire_name<Retract> = "RETRACT";
template <>
inline constexpr std::string_view wire_name<Drain> = "DRAIN";
template <>
inline constexpr std::string_view wire_name<ScreeningFinished> = "SCREENING_FINISHED";
template <>
inline constexpr std::string_view wire_name<BlobRequest> = "BLOB_REQUEST";
template <>
inline constexpr std::string_view wire_name<BlobChunk> = "BLOB_CHUNK";
template <>
inline constexpr std::string_view wire_name<BlobMissing> = "BLOB_MISSING";
template <>
inline constexpr std::string_view wire_name<Prepare> = "PREPARE";
template <>
inline constexpr std::string_view wire_name<LoadPage> = "LOAD_PAGE";
template <>
inline constexpr std::string_view wire_name<Evaluate> = "EVALUATE";
template <>
inline constexpr std::string_view wire_name<Render> = "RENDER";
template <>
inline constexpr std::string_view wire_name<DescribePage> = "DESCRIBE_PAGE";
template <>
inline constexpr std::string_view wire_name<CheckModels> = "CHECK_MODELS";
template <>
inline constexpr std::string_view wire_name<Preview> = "PREVIEW";
template <>
inline constexpr std::string_view wire_name<Quit> = "QUIT";
template <>
inline constexpr std::string_view wire_name<Ready> = "READY";
template <>
inline constexpr std::string_view wire_name<Started> = "STARTED";
template <>
inline constexpr std::string_view wire_name<Evaluated> = "EVALUATED";
template <>
inline constexpr std::string_view wire_name<EvaluateDone> = "EVALUATE_DONE";
template <>
inline constexpr std::string_view wire_name<Rendered> = "RENDERED";
template <>
inline constexpr std::string_view wire_name<PageDescription> = "PAGE_DESCRIPTION";
template <>
inline constexpr std::string_view wire_name<ModelsChecked> = "MODELS_CHECKED";
template <>
inline constexpr std::string_view wire_name<Previewed> = "PREVIEWED";
template <>
inline constexpr std::string_view wire_name<Problem> = "PROBLEM";
template <>
inline constexpr std::string_view wire_name<Reading> = "READING";

}  // namespace ocrs
