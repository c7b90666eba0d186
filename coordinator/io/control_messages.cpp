#include "coordinator/io/control_messages.hpp"

#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocrs {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<ControlVerb, std::string_view>, 10> verbs = {
    {{ControlVerb::status, "status"},
     {ControlVerb::workers, "workers"},
     {ControlVerb::explain, "explain"},
     {ControlVerb::pause, "pause"},
     {ControlVerb::resume, "resume"},
     {ControlVerb::cancel, "cancel"},
     {ControlVerb::retry_failed, "retry-failed"},
     {ControlVerb::drain, "drain"},
     {ControlVerb::extend, "extend"},
     {ControlVerb::fill, "fill"}}};
constexpr std::size_t name_bytes_max = 256;

/// Brackets are counted before anything is parsed: a request is one object of plain values.
bool is_flat(std::string_view line) {
  std::size_t open = 0;
  for (const char c : line) open += c == '{' || c == '[';
  return open <= 1;
}

template <class Number>
Result<Number> number_of(const Json& json, const std::string& key, std::int64_t low, std::int64_t high) {
  const Json& value = json.at(key);
  const Error error{"control request: '" + key + "': expected a whole number from " + std::to_string(low) + " to " +
                    std::to_string(high)};
  if (!value.is_number_integer()) return error;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) return error;
  const auto number = value.get<std::int64_t>();
  if (number < low || number > high) return error;
  return static_cast<Number>(number);
}

Result<void> read_field(const Json& json, const std::string& key, ControlRequest& request) {
  constexpr std::int64_t whole_max = std::numeric_limits<std::int32_t>::max();
  if (key == "worker") {
    if (!json.at(key).is_string()) return Error{"control request: 'worker': expected a text"};
    request.worker = json.at(key).get<std::string>();
    if (request.worker.empty() || request.worker.size() > name_bytes_max) {
      return Error{"control request: 'worker': expected 1 to 256 bytes"};
    }
  } else if (key == "points") {
    const auto points = number_of<std::uint32_t>(json, key, 1, 1 << 20);
    if (!points) return points.error();
    request.points = *points;
  } else if (key == "page") {
    const auto page = number_of<std::uint32_t>(json, key, 0, whole_max);
    if (!page) return page.error();
    request.evaluation.page = PageIndex{*page};
  } else if (key == "point") {
    const auto point = number_of<std::int64_t>(json, key, -1, whole_max);
    if (!point) return point.error();
    request.evaluation.point = PointIndex{*point};
  } else if (key != "verb") {
    return Error{"control request: unknown key"};
  }
  return {};
}

}  // namespace

std::string_view to_string(ControlVerb verb) {
  for (const auto& [known, name] : verbs) {
    if (known == verb) return name;
  }
  return "unknown";
}

std::string to_line(const ControlRequest& request) {
  Json json = {{"verb", to_string(request.verb)}};
  if (request.verb == ControlVerb::drain) json["worker"] = request.worker;
  if (request.verb == ControlVerb::extend) json["points"] = request.points;
  if (request.verb == ControlVerb::explain) {
    json["page"] = request.evaluation.page.value;
    json["point"] = request.evaluation.point.value;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string to_line(const ControlReply& reply) {
  Json json = {{"ok", reply.ok}, {"text", reply.text}};
  Json data = Json::parse(reply.data, nullptr, false);
  json["data"] = data.is_object() ? std::move(data) : Json::object();
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ControlRequest> control_request_from(std::string_view line) {
  if (line.size() > control_request_bytes_max) return Error{"control request: longer than 4096 bytes"};
  if (!is_flat(line)) return Error{"control request: expected one object of plain values"};
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return Error{"control request: expected a JSON object on one line"};
  if (!json.contains("verb") || !json.at("verb").is_string()) return Error{"control request: 'verb' is missing"};
  ControlRequest request;
  const std::string verb = json.at("verb").get<std::string>();
  bool known = false;
  for (const auto& [candidate, name] : verbs) {
    if (name != verb) continue;
    request.verb = candidate;
    known = true;
  }
  if (!known) return Error{"control request: unknown verb"};
  for (const auto& [key, value] : json.items()) {
    if (auto read = read_field(json, key, request); !read) return read.error();
  }
  const bool complete = (request.verb != ControlVerb::drain || !request.worker.empty()) &&
                        (request.verb != ControlVerb::extend || request.points > 0) &&
                        (request.verb != ControlVerb::explain || (json.contains("page") && json.contains("point")));
  if (!complete) return Error{"control request: " + verb + " lacks what it is about"};
  return request;
}

Result<ControlReply> control_reply_from(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  const bool well_formed = json.is_object() && json.contains("ok") && json.at("ok").is_boolean() &&
                           json.contains("text") && json.at("text").is_string() && json.contains("data") &&
                           json.at("data").is_object();
  if (!well_formed) return Error{"the coordinator's answer cannot be read; is it of another version?"};
  return ControlReply{json.at("ok").get<bool>(), json.at("text").get<std::string>(), json.at("data").dump()};
}

}  // namespace ocrs
