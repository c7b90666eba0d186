#include "coordinator/io/cli.hpp"

#include <CLI/CLI.hpp>

#include "common/version.hpp"
#include "coordinator/io/commands.hpp"

namespace ocrs {

int run_coordinator_cli(int argc, char** argv, Surrogate& surrogate) {
  CLI::App app{"ocrscreen finds the image-preprocessing settings with which Tesseract reads your documents best."};
  app.set_version_flag("--version", program_version);
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
  start->callback([&] { exit_code = run_command(run, surrogate); });

  auto* status = app.add_subcommand("status", "how far a screening is");
  status->add_option("DIR", dir, "its output folder")->required();
  status->add_flag("--json", json, "the manifest's keys as JSON");
  status->callback([&] { exit_code = status_command(dir, json); });

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
