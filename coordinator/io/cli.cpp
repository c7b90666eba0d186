#include "coordinator/io/cli.hpp"

#include <CLI/CLI.hpp>
#include <memory>

#include "common/version.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/key_folder.hpp"

namespace ocrs {
namespace {

/// `ocrscreen keys VERB`; what its options fill must outlive the parsing.
void add_keys_verbs(CLI::App& app, int& exit_code) {
  struct Arguments {
    std::filesystem::path folder = default_key_folder();
    std::string revoked;
    KeysAddOptions add;
  };
  const auto arguments = std::make_shared<Arguments>();
  auto* keys = app.add_subcommand("keys", "who may work for a coordinator that other machines reach");
  keys->require_subcommand(1);
  keys->fallthrough();
  keys->add_option("--keys", arguments->folder, "the folder of the keys; default ~/.config/ocrscreen/keys");
  auto* init = keys->add_subcommand("init", "make the coordinator's key pair");
  init->callback([=, &exit_code] { exit_code = keys_init_command(arguments->folder); });
  auto* add = keys->add_subcommand("add", "make a key pair for a worker, and the file it joins with");
  add->add_option("NAME", arguments->add.name, "of the worker: letters, digits, '.', '_', '-'")->required();
  add->add_option("--endpoint", arguments->add.endpoints,
                  "where it finds the coordinator: tcp://HOST:PORT; may come again; default: the last run's");
  add->add_option("-o,--output", arguments->add.output, "file to write; default NAME.join");
  add->callback([=, &exit_code] { exit_code = keys_add_command(arguments->folder, arguments->add); });
  auto* revoke = keys->add_subcommand("revoke", "let a worker in no more, also while a screening runs");
  revoke->add_option("NAME", arguments->revoked, "of the worker")->required();
  revoke->callback([=, &exit_code] { exit_code = keys_revoke_command(arguments->folder, arguments->revoked); });
  auto* list = keys->add_subcommand("list", "the workers' keys");
  list->callback([=, &exit_code] { exit_code = keys_list_command(arguments->folder); });
}

/// `ocrscreen fleet VERB HOSTS.txt`.
void add_fleet_verbs(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<FleetOptions>();
  auto* fleet = app.add_subcommand("fleet", "workers on many machines, over ssh");
  fleet->require_subcommand(1);
  const std::pair<const char*, const char*> verbs[] = {{"start", "start a worker on every host that has none"},
                                                       {"stop", "let the workers finish what they read, and leave"},
                                                       {"status", "who is reached, with what, and who has joined"}};
  for (const auto& [verb, what] : verbs) {
    auto* added = fleet->add_subcommand(verb, what);
    added->add_option("HOSTS.txt", options->hosts, "lines: [user@]host[:port] KEY=VALUE ...; see OPERATIONS.md")
        ->required();
    added->add_option("--ssh-config", options->ssh_config, "file for ssh -F instead of ~/.ssh/config");
    added->add_option("--timeout", options->timeout_s, "seconds for connecting; default 10")
        ->check(CLI::Range(1, 3600));
    added->add_option("--wait", options->wait_s, "seconds for a worker to join or to leave; default 30")
        ->check(CLI::Range(0, 86400));
    added->add_option("--jobs", options->jobs, "hosts at a time; default 32")->check(CLI::Range(1, 256));
    added->callback([=, &exit_code, name = std::string(verb)] { exit_code = fleet_command(name, *options); });
  }
}

/// What the verbs about a DIR parse into.
struct OperatorArguments {
  std::filesystem::path& dir;
  std::optional<std::string>& page;
  bool& json;
  std::int64_t& point;
  ControlRequest& request;
  int& exit_code;
};

void add_operator_verbs(CLI::App& app, OperatorArguments to) {
  const auto verb = [&](const char* name, const char* what) {
    auto* added = app.add_subcommand(name, what);
    added->add_option("DIR", to.dir, "the output folder")->required();
    added->add_flag("--json", to.json, "as JSON");
    return added;
  };
  verb("status", "how far a screening is")->callback([to] { to.exit_code = status_command(to.dir, to.json); });
  verb("watch", "follow a screening until it ends")->callback([to] { to.exit_code = watch_command(to.dir, to.json); });
  verb("workers", "who works for it")->callback([to] { to.exit_code = workers_command(to.dir, to.json); });
  const auto plain = [&](ControlVerb which, const char* what) {
    verb(std::string(to_string(which)).c_str(), what)->callback([to, which] {
      to.request.verb = which;
      to.exit_code = operator_command(to.dir, to.request, to.json);
    });
  };
  plain(ControlVerb::pause, "hand out no new work, until resume and across restarts");
  plain(ControlVerb::resume, "hand out work again; drained local workers are started again");
  plain(ControlVerb::cancel, "give up what is not evaluated yet and end the run");
  plain(ControlVerb::retry_failed, "try again what was given up after failures");
  auto* drain = verb("drain", "let a worker finish what it has started, and leave");
  drain->add_option("WORKER", to.request.worker, "host, host id, or the beginning of its uuid")->required();
  drain->callback([to] {
    to.request.verb = ControlVerb::drain;
    to.exit_code = operator_command(to.dir, to.request, to.json);
  });
  auto* extend = verb("extend", "more design points; nothing is evaluated twice");
  extend->add_option("--points", to.request.points, "in all, a power of two")->required();
  extend->callback([to] { to.exit_code = extend_command(to.dir, to.request.points, to.json); });
  verb("fill", "evaluate what a race dropped after all")->callback([to] {
    to.exit_code = fill_command(to.dir, to.json);
  });
  auto* explain = verb("explain", "what happened to a point, on one page or on all");
  explain->add_option("POINT", to.point, "its number, -1 = the untouched page")->required();
  explain->add_option("PAGE", to.page, "name or number of the page");
  explain->callback([to] { to.exit_code = explain_command(to.dir, to.point, to.page, to.json); });
}

}  // namespace

int run_coordinator_cli(int argc, char** argv, Surrogate& surrogate) {
  CLI::App app{"ocrscreen finds the image-preprocessing settings with which Tesseract reads your documents best."};
  app.set_version_flag("--version", program_version);
  app.set_help_all_flag("--help-all", "print the help of every verb and exit");
  app.require_subcommand(1);
  app.footer("Start with: ocrscreen init; edit screening.yaml; ocrscreen run screening.yaml --out out");
  int exit_code = exit_complete;

  std::filesystem::path config, dir, file = "screening.yaml";
  std::optional<std::filesystem::path> csv, output;
  std::string format;
  bool json = false;
  RunOptions run;

  auto* init = app.add_subcommand("init", "write a commented screening.yaml");
  init->add_option("FILE", file, "where to; default screening.yaml");
  init->callback([&] { exit_code = init_command(file); });

  auto* design = app.add_subcommand("design", "show the settings that will be tried");
  design->add_option("SCREENING.yaml", config, "the configuration")->required();
  design->add_option("--csv", csv, "write point, u_1..u_d and factor values to this file");
  design->callback([&] { exit_code = design_command(config, csv); });

  auto* start = app.add_subcommand("run", "run a screening, or go on with it");
  start->add_option("SCREENING.yaml", run.config, "the configuration")->required();
  start->add_option("--out", run.out, "folder for journal and results")->required();
  start->add_flag("--plan", run.plan, "say how long it will take and how much disk; start nothing");
  start->add_option("--points", run.points, "number of design points, a power of two, instead of the configuration's");
  start->add_option("--bind", run.bind, "where workers connect: tcp://ADDR:PORT; default tcp://127.0.0.1:0");
  start->add_option("--local-workers", run.local_workers,
                    "N workers of one slot on this machine, or auto: one that fills it; 0 = none");
  start->add_option("--http", run.http,
                    "serve a live page on ADDR:PORT, as 127.0.0.1:8080; away from loopback with a token");
  start->add_flag("--insecure", run.insecure, "allow a bind that other machines reach, without encryption");
  start->add_flag("--retry-failed", run.retry_failed, "try again what was given up after failures");
  start->add_option("--keys", run.keys,
                    "the folder of the keys (ocrscreen keys init); default ~/.config/ocrscreen/keys");
  start->callback([&] { exit_code = run_command(run, surrogate); });

  std::int64_t point = 0;
  std::optional<std::string> page;
  ControlRequest request;
  add_operator_verbs(app, {dir, page, json, point, request, exit_code});

  auto* exports = app.add_subcommand("export", "make result files from the journal");
  exports->add_option("DIR", dir, "the output folder")->required();
  exports->add_option("--format", format, "csv, json or optuna")
      ->required()
      ->check(CLI::IsMember({"csv", "json", "optuna"}));
  exports->add_option("-o,--output", output, "file to write; default: csv and optuna into DIR, json to stdout");
  exports->callback([&] { exit_code = export_command(dir, format, output, surrogate); });

  auto* rescore = app.add_subcommand("rescore", "score all readings again after the ground truth was corrected");
  rescore->add_option("DIR", dir, "the output folder")->required();
  rescore->callback([&] { exit_code = rescore_command(dir, surrogate); });

  auto* report = app.add_subcommand("report", "write report.html: one file to look at, offline");
  report->add_option("DIR", dir, "the output folder")->required();
  report->callback([&] { exit_code = report_command(dir, surrogate); });

  ApplyOptions apply;
  auto* applied = app.add_subcommand("apply", "put a setting or a portfolio to use on new pages");
  applied->add_option("BEST.yaml", apply.settings, "best.yaml or portfolio.yaml of a screening")->required();
  applied->add_option("IN", apply.inputs, "images, PDFs, folders of them, or globs")->required();
  applied->add_option("--out", apply.out, "folder to write to")->required();
  applied->add_option("--format", apply.format, "png (the prepared image), txt, hocr, alto or pdf (searchable)")
      ->check(CLI::IsMember({"png", "txt", "hocr", "alto", "pdf"}))
      ->capture_default_str();
  applied->add_option("--jobs", apply.jobs, "pages at a time; default: one per core, as far as memory reaches")
      ->check(CLI::Range(1, 1024));
  applied->add_option("--languages", apply.languages, "read these languages instead of the file's, as fra+eng");
  applied->add_option("--psm", apply.psm, "page segmentation mode instead of the file's")
      ->check(CLI::IsMember({1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}));
  applied->add_option("--dpi", apply.dpi, "resolution of the pages instead of what they say")
      ->check(CLI::Range(30.0, 4800.0));
  applied->add_flag("--force", apply.force, "replace outputs that are there; never an input");
  applied->callback([&] { exit_code = apply_command(apply); });

  AblateOptions ablate;
  auto* ablated = app.add_subcommand("ablate", "what the best setting owes to each of its stages");
  ablated->add_option("DIR", ablate.dir, "the output folder of a screening")->required();
  ablated->add_option("--point", ablate.point, "this setting instead of the best");
  ablated->add_option("--csv", ablate.csv, "write the objectives page by page to this file");
  ablated->add_option("--yaml", ablate.yaml, "write the leanest setting to this file, for apply");
  ablated->add_option("--jobs", ablate.jobs, "pages at a time; default: one per core, as far as memory reaches")
      ->check(CLI::Range(1, 1024));
  ablated->callback([&] { exit_code = ablate_command(ablate); });

  add_keys_verbs(app, exit_code);
  add_fleet_verbs(app, exit_code);

  auto* doctor = app.add_subcommand("doctor", "check this machine: programs, models, memory, disk");
  doctor->callback([&] { exit_code = doctor_command(); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? exit_complete : exit_cannot_start;
  }
  return exit_code;
}

}  // namespace ocrs
