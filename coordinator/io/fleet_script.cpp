// What `ocrscreen fleet` has a host do, and how its answer is read.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "coordinator/io/fleet_hosts.hpp"

namespace ocrs {
namespace {

constexpr std::string_view mark = "ocrscreen-fleet ";

// A worker is known by pid and start time, so that a pid that another process got is never signalled. The lock keeps
// two starts apart. Everything of a host is below a folder of its name: homes may be shared between hosts.
constexpr std::string_view script_head = R"sh(set -u
umask 077
say() { printf 'ocrscreen-fleet %s %s\n' "$1" "$2"; }
state=${state:-$HOME/.local/state/ocrscreen/fleet}/$(uname -n)/$name
log=$state/worker.log
began_at() {
  [ -r "/proc/$1/stat" ] || return 0
  set -- $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null)
  case ${1:-Z} in Z | X) ;; *) echo "${20:-}" ;; esac
}
running() {
  pid='' began=''
  [ -r "$state/worker.pid" ] && read -r pid began <"$state/worker.pid"
  case $pid in '' | *[!0-9]*) return 1 ;; esac
  [ -n "$began" ] && [ "$(began_at "$pid")" = "$began" ]
}
last_word() { grep -E 'joined the coordinator|the coordinator (is lost|cannot be reached|refuses)' "$log" 2>/dev/null | tail -n 1 | sed 's/^[0-9T:.-]*Z *//' | cut -c 1-400; }
tell() {
  say running "$pid"
  word=$(last_word)
  case $word in *'joined the coordinator'*) say joined yes ;; *) say log "$word" ;; esac
}
known() {
  command -v "$program" >/dev/null || { say refused "no program $program there"; exit 0; }
  say version "$("$program" --version 2>&1 | head -n 1)"
  say doctor "$("$program" doctor --json "$@" 2>/dev/null | tr -d '\n')"
}
)sh";

constexpr std::string_view script_start = R"sh(mkdir -p "$state" || { say refused "no folder $state"; exit 0; }
exec 9>"$state/lock"
flock -n 9 || { say refused 'another start is under way'; exit 0; }
if running; then known "$@"; say already yes; tell; exit 0; fi
known "$@"
if [ -n "$join_text" ]; then
  rm -f "$state/worker.join"
  printf '%s' "$join_text" >"$state/worker.join" || { say refused "cannot write $state/worker.join"; exit 0; }
  set -- "$@" --join "$state/worker.join"
fi
[ -f "$log" ] && mv -f "$log" "$log.1"
setsid nohup "$program" "$@" </dev/null >"$log" 2>&1 9>&- &
pid=$!
echo "$pid $(began_at "$pid")" >"$state/worker.pid"
ticks=0
while running && [ "$ticks" -lt $((wait * 5)) ]; do
  grep -q 'joined the coordinator' "$log" && break
  sleep 0.2
  ticks=$((ticks + 1))
done
if running; then tell; else say ended "$(tail -n 1 "$log" | cut -c 1-400)"; fi
)sh";

constexpr std::string_view script_stop = R"sh(rm -f "$state/worker.join"
running || { say stopped 'no worker was running'; exit 0; }
kill -TERM "$pid" || { say refused "process $pid cannot be signalled"; exit 0; }
ticks=0
while running && [ "$ticks" -lt $((wait * 5)) ]; do sleep 0.2; ticks=$((ticks + 1)); done
if running; then say refused "still finishing what it reads (process $pid)"; else say stopped drained; fi
)sh";

constexpr std::string_view script_status = R"sh(known "$@"
if running; then tell; elif [ -f "$log" ]; then say ended "$(tail -n 1 "$log" | cut -c 1-400)"; else say ended 'never started'; fi
)sh";

std::string printable(std::string_view text) {
  std::string result;
  for (const unsigned char c : text.substr(0, 600)) result += c < 32 || c == 127 ? ' ' : static_cast<char>(c);
  return result;
}

/// "ocrscreen-worker 0.1.0, Tesseract 5.3.0, OpenCV 4.6.0, 8 slots, no GPU"; what the host did not say is left out.
std::string equipment(const std::map<std::string, std::string>& said) {
  std::string text = "ocrscreen-worker " + printable(said.contains("version") ? said.at("version") : "?");
  const auto json = nlohmann::json::parse(said.contains("doctor") ? said.at("doctor") : "", nullptr, false);
  if (!json.is_object()) return text;
  try {
    const auto& engine = json.at("engine");
    text += fmt::format(", Tesseract {}, OpenCV {}", printable(engine.at("tesseract").get<std::string>()),
                        printable(engine.at("opencv").get<std::string>()));
    if (const auto lanes = json.find("slots"); lanes != json.end()) {
      const std::size_t count = lanes->is_array() ? lanes->size() : lanes->get<std::size_t>();
      text += fmt::format(", {} slot{}", count, count == 1 ? "" : "s");
    }
    const auto& devices = json.at("devices");
    text += devices.empty() ? ", no GPU" : ", GPU " + printable(devices.at(0).at("name").get<std::string>());
  } catch (const nlohmann::json::exception&) {
    text += ", doctor says something else than expected";
  }
  return text;
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string fleet_script(const FleetHost& host, FleetVerb verb, std::string_view join_text, std::uint32_t wait_s) {
  std::string script =
      fmt::format("name={}\nprogram={}\nstate={}\nwait={}\njoin_text={}\nset --", shell_quoted(host.name),
                  shell_quoted(host.program), shell_quoted(host.state), wait_s, shell_quoted(join_text));
  const std::pair<const char*, const std::string&> options[] = {
      {"--connect", host.connect}, {"--slots", host.slots}, {"--gpu", host.gpu}, {"--cache", host.cache}};
  for (const auto& [option, value] : options) {
    if (!value.empty()) script += fmt::format(" {} {}", option, shell_quoted(value));
  }
  script += "\n";
  script += script_head;
  script += verb == FleetVerb::start ? script_start : verb == FleetVerb::stop ? script_stop : script_status;
  return script;
}

FleetVerdict fleet_verdict(FleetVerb verb, std::string_view output) {
  std::map<std::string, std::string> said;
  std::istringstream lines{std::string(output)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(mark)) continue;
    const std::size_t blank = line.find(' ', mark.size());
    if (blank == std::string::npos) continue;
    said[line.substr(mark.size(), blank - mark.size())] = line.substr(blank + 1);
  }
  const auto with_equipment = [&](bool good, const std::string& what) {
    return FleetVerdict{good, said.contains("version") ? fmt::format("{} ({})", what, equipment(said)) : what};
  };
  if (said.contains("refused")) return {false, printable(said["refused"])};
  if (said.contains("stopped")) return {true, printable(said["stopped"])};
  if (said.contains("joined")) {
    return with_equipment(true, verb == FleetVerb::start && said.contains("already") ? "was joined already" : "joined");
  }
  if (said.contains("running")) {
    const std::string why = printable(said["log"]);
    return with_equipment(false, "runs, not joined" + (why.empty() ? ": no word of the coordinator yet" : ": " + why));
  }
  if (said.contains("ended")) return with_equipment(false, "not running: " + printable(said["ended"]));
  return {false, "reached, but its shell gave no answer"};
}

}  // namespace ocrs
