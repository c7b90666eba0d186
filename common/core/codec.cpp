#include "common/core/codec.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <msgpack.hpp>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/core/codec_fields.hpp"
#include "common/core/utf8.hpp"

namespace ocrs {
namespace {

constexpr std::size_t depth_max = 8;
constexpr std::size_t elements_max = 4'000'000;    // in one frame; bounds the memory its tree can ask for
constexpr std::size_t map_entries_max = 256;       // of one struct
constexpr std::size_t text_bytes_max = 64 * 1024;  // of one text field that is not long_text
constexpr std::size_t long_text_bytes_max = frame_bytes_max / 2;

template <class E>
struct EnumRange;  // how many values an enum has; they count from 0
template <>
struct EnumRange<FailureKind> {
  static constexpr std::uint64_t count = static_cast<std::uint64_t>(FailureKind::engine) + 1;
};
template <>
struct EnumRange<RejectCode> {
  static constexpr std::uint64_t count = static_cast<std::uint64_t>(RejectCode::key) + 1;
};
template <>
struct EnumRange<FactorUnit> {
  static constexpr std::uint64_t count = static_cast<std::uint64_t>(FactorUnit::px300) + 1;
};

template <>
struct EnumRange<DocumentFormat> {
  static constexpr std::uint64_t count = static_cast<std::uint64_t>(DocumentFormat::pdf) + 1;
};

template <class T>
concept ScalarId = std::same_as<T, PointIndex> || std::same_as<T, PageIndex> || std::same_as<T, BatchId> ||
    std::same_as<T, Attempt> || std::same_as<T, LaneIndex>;
template <class T>
concept FixedBytes = std::same_as<T, ContentHash> || std::same_as<T, WorkerUuid>;

/// The visitor of fields() that only counts them.
struct FieldCounter {
  static constexpr bool reading = false;
  std::uint32_t count = 0;
  template <class T>
  void operator()(std::string_view, const T&) {
    ++count;
  }
  template <class T>
  void required(std::string_view, const T&) {
    ++count;
  }
  void constant(std::string_view, std::string_view) { ++count; }
  void long_text(std::string_view, const std::string&) { ++count; }
  void raw(std::string_view, const std::string&) { ++count; }
};

/// A struct that has a list of fields.
template <class T>
concept Listed = requires(FieldCounter& counter, const T& m) {
  fields(counter, m);
};

// ---- packing ----

/// Appends msgpack to a string; the packer's stream.
struct StringStream {
  std::string bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

class Writer {
 public:
  static constexpr bool reading = false;

  template <class T>
  void message(const T& m) {
    packer_.pack_array(2);
    key(wire_name<T>);
    structure(m);
  }

  template <class T>
  void operator()(std::string_view name, const T& value) {
    key(name);
    write(value);
  }
  template <class T>
  void required(std::string_view name, const T& value) {
    (*this)(name, value);
  }
  void constant(std::string_view name, std::string_view value) {
    key(name);
    key(value);
  }
  void long_text(std::string_view name, const std::string& value) {
    key(name);
    text(value, long_text_bytes_max);
  }
  void raw(std::string_view name, const std::string& value) {
    key(name);
    bytes(value.data(), value.size());
  }

  [[nodiscard]] std::string take() { return std::move(stream_.bytes); }

 private:
  void key(std::string_view text) {
    packer_.pack_str(static_cast<std::uint32_t>(text.size()));
    packer_.pack_str_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  /// What this side sends, the other side must be able to read: text from outside is made valid here.
  void text(std::string_view value, std::size_t bytes_max) { key(made_utf8(value, bytes_max)); }
  void bytes(const void* data, std::size_t size) {
    packer_.pack_bin(static_cast<std::uint32_t>(size));
    packer_.pack_bin_body(static_cast<const char*>(data), static_cast<std::uint32_t>(size));
  }

  void write(bool value) { value ? packer_.pack_true() : packer_.pack_false(); }
  void write(double value) {
    // msgpack-c packs 12.0 as the integer 12: a factor's value would change its type on the way.
    const auto bits = std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : value);
    char encoded[9] = {'\xCB'};
    for (int i = 0; i < 8; ++i) encoded[1 + i] = static_cast<char>(bits >> (56 - 8 * i));
    stream_.write(encoded, sizeof encoded);
  }
  void write(const std::string& value) { text(value, text_bytes_max); }
  template <std::integral T>
  void write(const T& value) {
    packer_.pack(value);
  }
  template <class E>
  requires std::is_enum_v<E>
  void write(const E& value) { packer_.pack(static_cast<std::uint32_t>(value)); }
  template <ScalarId T>
  void write(const T& id) {
    packer_.pack(id.value);
  }
  template <FixedBytes T>
  void write(const T& value) {
    bytes(value.bytes.data(), value.bytes.size());
  }
  void write(const EvaluationId& id) {
    packer_.pack_array(2);
    write(id.page);
    write(id.point);
  }
  void write(const FactorValue& value) {
    if (std::holds_alternative<std::monostate>(value)) packer_.pack_nil();
    if (const auto* number = std::get_if<std::int64_t>(&value)) packer_.pack(*number);
    if (const auto* number = std::get_if<double>(&value)) write(*number);
    if (const auto* name = std::get_if<std::string>(&value)) write(*name);
  }
  template <class T>
  void write(const std::optional<T>& value) {
    if (value) {
      write(*value);
    } else {
      packer_.pack_nil();
    }
  }
  template <class T>
  void write(const std::vector<T>& values) {
    packer_.pack_array(static_cast<std::uint32_t>(values.size()));
    for (const auto& value : values) write(value);
  }
  template <Listed T>
  void write(const T& m) {
    structure(m);
  }
  template <class T>
  void structure(const T& m) {
    FieldCounter counter;
    fields(counter, m);
    packer_.pack_map(counter.count);
    fields(*this, m);
  }

  StringStream stream_;
  msgpack::packer<StringStream> packer_{stream_};
};

template <class T>
std::string encode_one(const T& message) {
  Writer writer;
  writer.message(message);
  return writer.take();
}

template <class... Messages>
std::string encode_any(const std::variant<Messages...>& message) {
  return std::visit([](const auto& m) { return encode_one(m); }, message);
}

// ---- unpacking ----

/// What is wrong with a frame; thrown and caught inside this file only.
struct Refused {
  std::string text;
};

/// Where in a message a value stands; turned into "result.scores.confidence" only when something is wrong with it.
struct Place {
  const Place* outer = nullptr;
  std::string_view name;  // of a field; empty for an element
  std::size_t index = 0;  // of an element

  [[nodiscard]] std::string path() const {
    const std::string before = outer ? outer->path() : "";
    if (name.empty()) return before + "[" + std::to_string(index) + "]";
    return before.empty() ? std::string(name) : before + "." + std::string(name);
  }
  [[noreturn]] void refuse(const std::string& why) const { throw Refused{"field '" + path() + "': " + why}; }
};

/// First pass over a frame: nothing is built or allocated until its shape is known to be bounded by its bytes.
struct ShapeCheck : msgpack::null_visitor {
  std::size_t bytes = 0;
  std::size_t elements = 0;
  std::size_t depth = 0;
  const char* wrong = nullptr;

  bool opened(std::uint64_t count) {
    elements += count;
    if (++depth > depth_max) return wrong = "nested too deeply", false;
    if (elements > bytes) return wrong = "announces more elements than it has bytes", false;
    if (elements > elements_max) return wrong = "too many elements", false;
    return true;
  }
  bool start_array(std::uint32_t count) { return opened(count); }
  bool end_array() { return --depth, true; }
  bool start_map(std::uint32_t count) { return opened(std::uint64_t{2} * count); }
  bool end_map() { return --depth, true; }
  bool visit_str(const char*, std::uint32_t size) { return size <= bytes; }
  bool visit_ext(const char*, std::uint32_t) { return wrong = "has an extension type", false; }
};

using Object = msgpack::object;

std::string_view text_of(const Object& object) { return {object.via.str.ptr, object.via.str.size}; }

std::string checked_text(const Place& place, const Object& object, std::size_t bytes_max) {
  if (object.type != msgpack::type::STR) place.refuse("expected a text");
  const std::string_view text = text_of(object);
  if (text.size() > bytes_max) place.refuse("longer than " + std::to_string(bytes_max) + " bytes");
  if (const std::size_t good = utf8_prefix(text); good != text.size())
    place.refuse("not UTF-8 at byte " + std::to_string(good));
  return std::string(text);
}

void read(const Place& place, const Object& object, bool& out) {
  if (object.type != msgpack::type::BOOLEAN) place.refuse("expected true or false");
  out = object.via.boolean;
}

void read(const Place& place, const Object& object, double& out) {
  switch (object.type) {
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      out = object.via.f64;
      break;
    case msgpack::type::POSITIVE_INTEGER:
      out = static_cast<double>(object.via.u64);
      break;
    case msgpack::type::NEGATIVE_INTEGER:
      out = static_cast<double>(object.via.i64);
      break;
    default:
      place.refuse("expected a number");
  }
  if (!std::isfinite(out)) place.refuse("expected a finite number");
}

template <std::integral T>
void read(const Place& place, const Object& object, T& out) {
  constexpr auto low = std::numeric_limits<T>::min();
  constexpr auto high = std::numeric_limits<T>::max();
  if (object.type == msgpack::type::POSITIVE_INTEGER && object.via.u64 <= static_cast<std::uint64_t>(high)) {
    out = static_cast<T>(object.via.u64);
  } else if (std::is_signed_v<T> && object.type == msgpack::type::NEGATIVE_INTEGER &&
             object.via.i64 >= static_cast<std::int64_t>(low)) {
    out = static_cast<T>(object.via.i64);
  } else {
    place.refuse("expected a whole number in " + std::to_string(low) + " to " + std::to_string(high));
  }
}

template <class E>
requires std::is_enum_v<E>
void read(const Place& place, const Object& object, E& out) {
  if (object.type != msgpack::type::POSITIVE_INTEGER || object.via.u64 >= EnumRange<E>::count)
    place.refuse("expected a whole number in 0 to " + std::to_string(EnumRange<E>::count - 1));
  out = static_cast<E>(object.via.u64);
}

void read(const Place& place, const Object& object, std::string& out) {
  out = checked_text(place, object, text_bytes_max);
}

template <ScalarId T>
void read(const Place& place, const Object& object, T& out) {
  read(place, object, out.value);
  if constexpr (std::same_as<T, PointIndex>) {
    // Up to 2^20 points are laid out; the bound keeps arithmetic on hostile indices from overflowing.
    if (out < baseline_point || out.value > std::numeric_limits<std::int32_t>::max())
      place.refuse("expected a point index from -1 to 2147483647");
  }
}

template <FixedBytes T>
void read(const Place& place, const Object& object, T& out) {
  if (object.type != msgpack::type::BIN || object.via.bin.size != out.bytes.size())
    place.refuse("expected " + std::to_string(out.bytes.size()) + " bytes");
  std::memcpy(out.bytes.data(), object.via.bin.ptr, out.bytes.size());
}

void read(const Place& place, const Object& object, EvaluationId& out) {
  if (object.type != msgpack::type::ARRAY || object.via.array.size != 2)
    place.refuse("expected an array of page and point");
  read(Place{&place, "page"}, object.via.array.ptr[0], out.page);
  read(Place{&place, "point"}, object.via.array.ptr[1], out.point);
}

void read(const Place& place, const Object& object, FactorValue& out) {
  switch (object.type) {
    case msgpack::type::NIL:
      out = std::monostate{};
      break;
    case msgpack::type::STR:
      out = checked_text(place, object, text_bytes_max);
      break;
    case msgpack::type::FLOAT32:
    case msgpack::type::FLOAT64:
      read(place, object, out.emplace<double>());
      break;
    case msgpack::type::POSITIVE_INTEGER:
    case msgpack::type::NEGATIVE_INTEGER:
      read(place, object, out.emplace<std::int64_t>());
      break;
    default:
      place.refuse("expected a number, a text or nil");
  }
}

template <Listed T>
void read(const Place& place, const Object& object, T& out);
template <class T>
void read(const Place& place, const Object& object, std::vector<T>& out);

template <class T>
void read(const Place& place, const Object& object, std::optional<T>& out) {
  out.reset();
  if (object.type != msgpack::type::NIL) read(place, object, out.emplace());
}

template <class T>
void read(const Place& place, const Object& object, std::vector<T>& out) {
  if (object.type != msgpack::type::ARRAY) place.refuse("expected an array");
  out.clear();  // Not reserved: the elements must prove themselves first.
  for (std::size_t i = 0; i < object.via.array.size; ++i)
    read(Place{&place, {}, i}, object.via.array.ptr[i], out.emplace_back());
}

/// The visitor of fields() that fills a struct from a map.
class MapReader {
 public:
  static constexpr bool reading = true;

  MapReader(const Place* place, const msgpack::object_map& map) : place_(place), map_(map) {
    if (map.size > map_entries_max) refuse("more than " + std::to_string(map_entries_max) + " entries");
    for (std::size_t i = 0; i < map.size; ++i) {
      if (map.ptr[i].key.type != msgpack::type::STR) refuse("a key is not a text");
      for (std::size_t j = 0; j < i; ++j) {
        if (text_of(map.ptr[i].key) == text_of(map.ptr[j].key))
          refuse("key '" + made_utf8(text_of(map.ptr[i].key), 64) + "' comes twice");
      }
    }
  }

  template <class T>
  void operator()(std::string_view name, T& out) {
    if (const Object* value = find(name)) read(Place{place_, name}, *value, out);
  }
  template <class T>
  void required(std::string_view name, T& out) {
    read(Place{place_, name}, found(name), out);
  }
  void constant(std::string_view name, std::string_view expected) {
    const Object& value = found(name);
    if (value.type != msgpack::type::STR || text_of(value) != expected)
      Place{place_, name}.refuse("expected '" + std::string(expected) + "'");
  }
  void long_text(std::string_view name, std::string& out) {
    if (const Object* value = find(name)) out = checked_text(Place{place_, name}, *value, long_text_bytes_max);
  }
  void raw(std::string_view name, std::string& out) {
    const Object* value = find(name);
    if (value == nullptr) return;
    if (value->type != msgpack::type::BIN) Place{place_, name}.refuse("expected bytes");
    out.assign(value->via.bin.ptr, value->via.bin.size);
  }

  [[noreturn]] void refuse(const std::string& why) const {
    if (place_ != nullptr) place_->refuse(why);
    throw Refused{why};
  }

 private:
  const Object* find(std::string_view name) {
    // Fields usually come in the listed order: look first where the last one was found.
    for (std::size_t i = 0; i < map_.size; ++i) {
      const std::size_t at = (expected_ + i) % map_.size;
      if (text_of(map_.ptr[at].key) != name) continue;
      expected_ = at + 1;
      return &map_.ptr[at].val;
    }
    return nullptr;
  }
  const Object& found(std::string_view name) {
    const Object* value = find(name);
    if (value == nullptr) Place{place_, name}.refuse("missing");
    return *value;
  }

  const Place* place_;  // nullptr for the message itself
  const msgpack::object_map& map_;
  std::size_t expected_ = 0;
};

template <class T>
void read_struct(const Place* place, const Object& object, T& out) {
  if (object.type != msgpack::type::MAP) {
    if (place != nullptr) place->refuse("expected a map");
    throw Refused{"expected a map of fields"};
  }
  MapReader reader(place, object.via.map);
  fields(reader, out);
  if (const char* why = rule_broken_by(out)) reader.refuse(why);
}

template <Listed T>
void read(const Place& place, const Object& object, T& out) {
  read_struct(&place, object, out);
}

/// Fills the alternative whose wire name it is; false when none has it.
template <class Variant, std::size_t I = 0>
bool read_alternative(std::string_view type, const Object& body, Variant& out) {
  if constexpr (I == std::variant_size_v<Variant>) {
    return false;
  } else {
    using Message = std::variant_alternative_t<I, Variant>;
    if (type != wire_name<Message>) return read_alternative<Variant, I + 1>(type, body, out);
    read_struct(nullptr, body, out.template emplace<I>());
    return true;
  }
}

template <class Variant>
Variant read_frame_of(std::string_view frame, std::string& type) {
  if (frame.size() > frame_bytes_max) throw Refused{"longer than " + std::to_string(frame_bytes_max) + " bytes"};
  ShapeCheck shape;
  shape.bytes = frame.size();
  std::size_t end = 0;
  if (!msgpack::parse(frame.data(), frame.size(), end, shape))
    throw Refused{shape.wrong != nullptr ? shape.wrong : "not msgpack, or cut off"};
  if (end != frame.size()) throw Refused{"bytes after its end"};

  const auto in_place = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  const msgpack::object_handle handle = msgpack::unpack(
      frame.data(), frame.size(), in_place, nullptr,
      msgpack::unpack_limit(elements_max, elements_max, frame_bytes_max, frame_bytes_max, 0, depth_max));
  const Object& message = handle.get();
  if (message.type != msgpack::type::ARRAY || message.via.array.size != 2 ||
      message.via.array.ptr[0].type != msgpack::type::STR)
    throw Refused{"expected an array of a message's name and a map of its fields"};
  type = made_utf8(text_of(message.via.array.ptr[0]), 64);
  Variant out;
  if (!read_alternative(type, message.via.array.ptr[1], out)) throw Refused{"no message of this name is expected here"};
  return out;
}

template <class Variant>
Result<Variant> decode_any(std::string_view frame) {
  std::string type = "frame";
  try {
    return read_frame_of<Variant>(frame, type);
  } catch (const Refused& refused) {
    return Error{type + ": " + refused.text};
  } catch (const std::exception& unexpected) {  // msgpack's own limits, bad_alloc
    return Error{type + ": " + unexpected.what()};
  }
}

}  // namespace

std::string encode(const WorkerMessage& message) { return encode_any(message); }
std::string encode(const CoordinatorMessage& message) { return encode_any(message); }
std::string encode(const BlobQuestion& message) { return encode_any(message); }
std::string encode(const BlobAnswer& message) { return encode_any(message); }
std::string encode(const EvaluatorCommand& message) { return encode_any(message); }
std::string encode(const EvaluatorReport& message) { return encode_any(message); }
std::string encode(const Reading& reading) { return encode_one(reading); }

Result<WorkerMessage> decode_worker_message(std::string_view frame) { return decode_any<WorkerMessage>(frame); }
Result<CoordinatorMessage> decode_coordinator_message(std::string_view frame) {
  return decode_any<CoordinatorMessage>(frame);
}
Result<BlobQuestion> decode_blob_question(std::string_view frame) { return decode_any<BlobQuestion>(frame); }
Result<BlobAnswer> decode_blob_answer(std::string_view frame) { return decode_any<BlobAnswer>(frame); }
Result<EvaluatorCommand> decode_evaluator_command(std::string_view frame) {
  return decode_any<EvaluatorCommand>(frame);
}
Result<EvaluatorReport> decode_evaluator_report(std::string_view frame) { return decode_any<EvaluatorReport>(frame); }

Result<Reading> decode_reading(std::string_view bytes) {
  auto decoded = decode_any<std::variant<Reading>>(bytes);
  if (!decoded) return decoded.error();
  return std::get<0>(std::move(*decoded));
}

std::string_view name_of(const WorkerMessage& message) {
  return std::visit([]<class M>(const M&) { return wire_name<M>; }, message);
}
std::string_view name_of(const CoordinatorMessage& message) {
  return std::visit([]<class M>(const M&) { return wire_name<M>; }, message);
}

}  // namespace ocrs
