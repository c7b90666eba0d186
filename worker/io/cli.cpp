#include "worker/io/cli.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "common/io/host.hpp"
#include "common/io/keys.hpp"
#include "common/io/logging.hpp"
#include "common/io/signals.hpp"
#include "common/version.hpp"
#include "worker/core/placement.hpp"
#include "worker/io/agent_shell.hpp"
#include "worker/io/doctor.hpp"
#include "worker/io/evaluator.hpp"
#include "worker/io/hwloc_topology.hpp"
#include "worker/io/tesseract_engine.hpp"

namespace ocrs {
namespace {

struct Arguments {
  std::string join, connect, slots = "auto", gpu = "auto", cache, host_id;
  bool keep_cache = false, local = false, once = false, json = false;
  std::uint64_t cache_gib = 20;
};

std::optional<std::uint32_t> slots_of(const std::string& text) {
  if (text == "auto") return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(text));
}

/// For CLI11: "" or what is wrong.
std::string check_slots(const std::string& text) {
  if (text == "auto") return {};
  const bool digits = !text.empty() && text.size() <= 4 && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && std::stoul(text) >= 1 ? "" : "expected auto or a number from 1 to 9999, got \"" + text + "\"";
}

/// Endpoints and keys. --connect beside --join says another way to the same coordinator.
void say_where(const Arguments& arguments, ShellOptions& shell) {
  if (!arguments.join.empty()) {
    Result<JoinFile> join = read_join_file(arguments.join);
    if (!join) throw StartupError("--join: " + join.error().text);
    shell.endpoints = std::move(join->endpoints);
    shell.socket.curve = std::move(join->keys);
  } else if (arguments.connect.empty()) {
    throw StartupError("say which coordinator to work for: --join FILE or --connect tcp://HOST:PORT");
  }
  if (arguments.connect.empty()) return;
  const Result<Endpoint> endpoint = parse_endpoint(arguments.connect);
  if (!endpoint) throw StartupError("--connect: " + endpoint.error().text);
  if (endpoint->port == 0 || is_wildcard(*endpoint)) {
    throw StartupError("--connect " + arguments.connect + ": a host and a port are needed, as tcp://192.0.2.7:5570");
  }
  shell.endpoints = {arguments.connect};
}

int run_agent(const Arguments& arguments) {
  ShellOptions shell;
  say_where(arguments, shell);
  if (arguments.gpu == "on") throw StartupError("--gpu on: no stage of this build runs on a device; use auto or off");
  const Result<std::filesystem::path> program = own_executable();
  if (!program) throw StartupError(program.error().text);
  const Result<Topology> topology = detect_topology();
  if (!topology) throw StartupError(topology.error().text);

  shell.cache = arguments.cache.empty() ? default_cache() : std::filesystem::absolute(arguments.cache);
  shell.cache_bytes_max = arguments.cache_gib << 30;
  shell.keep_cache = arguments.keep_cache;
  shell.program = *program;
  shell.topology = *topology;
  shell.placement = place_slots(*topology, slots_of(arguments.slots), pixels_assumed);
  shell.agent.build = program_version;
  shell.agent.host_id = arguments.host_id.empty() ? machine_id() : arguments.host_id;
  shell.agent.host_name = host_name();
  shell.agent.hardware = hardware_of(*topology);
  shell.agent.engine = engine_versions();
  shell.agent.leave_when_finished = arguments.local || arguments.once;
  AgentShell agent(std::move(shell));
  return agent.run();
}

}  // namespace

int run_worker_cli(int argc, char** argv) {
  // An evaluator needs nothing of what follows, and its spawner has set up signals and limits.
  if (argc == 3 && std::string(argv[1]) == "--evaluator") return run_evaluator(std::atoi(argv[2]));
  block_signals({SIGTERM, SIGINT, SIGHUP});

  Arguments arguments;
  CLI::App app("Evaluates points of a screening for a coordinator (ocrscreen run).", "ocrscreen-worker");
  app.set_version_flag("--version", program_version);
  app.set_help_all_flag("--help-all", "print the help of every verb and exit");
  app.add_option("--join", arguments.join, "file from `ocrscreen keys add NAME`: coordinator and keys");
  app.add_option("--connect", arguments.connect,
                 "the coordinator, tcp://HOST:PORT; with --join: instead of its address there");
  app.add_option("--slots", arguments.slots, "evaluators: a number, or auto for what processors and memory bear")
      ->check(check_slots);
  app.add_option("--gpu", arguments.gpu, "use OpenCL devices: auto, off, on")
      ->check(CLI::IsMember({"auto", "off", "on"}));
  app.add_option("--cache", arguments.cache, "folder for pages and unsent results, on a local disk");
  app.add_option("--cache-gib", arguments.cache_gib, "most GiB of pages kept there")->check(CLI::Range(1, 1 << 20));
  app.add_option("--host-id", arguments.host_id, "what tells this host from others; default: from the machine id");
  app.add_flag("--once", arguments.once, "leave when the screening is finished instead of waiting for the next");
  app.add_flag("--keep-cache", arguments.keep_cache, "keep pages after the screening");
  app.add_flag("--local", arguments.local)->group("");  // Started by `run`: ends with the screening.
  CLI::App* doctor = app.add_subcommand("doctor", "what was detected, and the evaluators a worker would start");
  doctor->fallthrough();
  doctor->add_flag("--json", arguments.json, "for programs");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (doctor->parsed()) {
    DoctorOptions options{arguments.cache.empty() ? default_cache() : std::filesystem::path(arguments.cache),
                          slots_of(arguments.slots)};
    return print_doctor(examine(options), arguments.json);
  }
  start_logging({});
  return run_agent(arguments);
}

}  // namespace ocrs
