// Fills any struct that travels with random contents, field by field through its list in codec_fields.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "common/core/codec_fields.hpp"

namespace ocrs::test {

class RandomFields {
 public:
  static constexpr bool reading = false;
  explicit RandomFields(std::uint64_t seed) : random_(seed) {}

  template <class T>
  [[nodiscard]] T make() {
    T m;
    fields(*this, m);
    obey(m);
    return m;
  }

  template <class T>
  void operator()(std::string_view, T& out) {
    fill(out);
  }
  template <class T>
  void required(std::string_view, T& out) {
    fill(out);
  }
  void constant(std::string_view, std::string_view) {}
  void long_text(std::string_view, std::string& out) { out = text(70000); }
  void raw(std::string_view, std::string& out) {
    out.resize(below(4) == 0 ? below(100000) : below(40));
    for (char& c : out) c = static_cast<char>(random_());
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

  std::string text(std::size_t bytes_max) {
    static const std::vector<std::string> pieces = {"a",   "Z", " ", "\n", "é", "№", "漢", "🙂", std::string(1, '\0'),
                                                    "\x7F"};
    std::string out;
    const std::size_t length = below(20) == 0 ? below(bytes_max) : below(40);
    while (out.size() + 4 <= length) out += pieces[below(pieces.size())];
    return out;
  }

  template <std::integral T>
  void fill(T& out) {
    // Short forms, the edges of msgpack's integer forms, and the type's own limits.
    const std::uint64_t bits = random_() >> below(64);
    switch (below(4)) {
      case 0:
        out = static_cast<T>(below(2));
        break;
      case 1:
        out = std::numeric_limits<T>::max();
        break;
      case 2:
        out = std::numeric_limits<T>::min();
        break;
      default:
        out = static_cast<T>(bits);
        break;
    }
  }
  void fill(bool& out) { out = below(2) == 0; }
  void fill(double& out) {
    static const std::vector<double> edges = {0.0, 1.0, -1.0, 12.0, 0.1, 1e300, -1e-300, 5e-324, 1.8446744073709552e19};
    out = below(2) == 0 ? edges[below(edges.size())] : static_cast<double>(random_()) / 1e12 - 4e6;
  }
  void fill(std::string& out) { out = text(60000); }
  void fill(FailureKind& out) { out = static_cast<FailureKind>(below(7)); }
  void fill(RejectCode& out) { out = static_cast<RejectCode>(below(7)); }
  void fill(DocumentFormat& out) { out = static_cast<DocumentFormat>(below(5)); }
  void fill(FactorUnit& out) { out = static_cast<FactorUnit>(below(3)); }
  void fill(PointIndex& out) { out.value = static_cast<std::int64_t>(below(std::uint64_t{1} << 31)) - 1; }
  void fill(PageIndex& out) { fill(out.value); }
  void fill(BatchId& out) { fill(out.value); }
  void fill(Attempt& out) { fill(out.value); }
  void fill(LaneIndex& out) { fill(out.value); }
  void fill(EvaluationId& out) { fill(out.page), fill(out.point); }
  void fill(ContentHash& out) {
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(random_());
  }
  void fill(WorkerUuid& out) {
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(random_());
  }
  void fill(FactorValue& out) {
    switch (below(4)) {
      case 0:
        out = std::monostate{};
        break;
      case 1:
        fill(out.emplace<std::int64_t>());
        break;
      case 2:
        fill(out.emplace<double>());
        break;
      default:
        out = text(30);
        break;
    }
  }
  template <class T>
  void fill(std::optional<T>& out) {
    out.reset();
    if (below(2) == 0) fill(out.emplace());
  }
  template <class T>
  void fill(std::vector<T>& out) {
    out.clear();
    for (std::size_t i = below(6); i > 0; --i) {
      T element{};
      fill(element);
      out.push_back(std::move(element));
    }
  }
  template <class T>
  requires requires(RandomFields& v, T& m) { fields(v, m); }
  void fill(T& out) {
    fields(*this, out);
    obey(out);
  }

  // What a sender keeps to beyond the types.
  template <class T>
  void obey(T&) {}
  void obey(Cost& m) { m.stage_ms.resize(m.stages_run.size()); }
  void obey(Batch& m) { m.attempts.resize(m.points.size()); }
  void obey(Evaluate& m) { m.attempts.resize(m.points.size()); }
  void obey(EngineOptions& m) { m.oem = 1, m.width_max = std::max(m.width_max, 0); }
  void obey(PageSpec& m) { m.psm = static_cast<std::int32_t>(below(14)), m.dpi = 1 + static_cast<double>(below(600)); }
  void obey(Welcome& m) { m.heartbeat_s = 0.5, m.suspect_s = 30.25, m.lease_s = 900; }
  void obey(Reject& m) { m.retry_after_s = m.retry_after_s < 0 ? 0 : m.retry_after_s; }
  void obey(Hello& m) { m.major = protocol_major; }
  void obey(BlobRequest& m) { m.length = 1 + static_cast<std::uint32_t>(below(blob_chunk_max)); }
  void obey(BlobChunk& m) { m.offset = below(1 << 30), m.total = m.offset + m.bytes.size() + below(1000); }

  std::mt19937_64 random_;
};

}  // namespace ocrs::test
