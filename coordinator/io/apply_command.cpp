#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "common/io/hash.hpp"
#include "common/io/signals.hpp"
#include "coordinator/io/apply_inputs.hpp"
#include "coordinator/io/apply_page.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/models.hpp"
#include "coordinator/io/parallel_progress.hpp"
#include "coordinator/io/pdf_pages.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

const std::map<std::string, DocumentFormat> formats = {{"png", DocumentFormat::png},
                                                       {"txt", DocumentFormat::txt},
                                                       {"hocr", DocumentFormat::hocr},
                                                       {"alto", DocumentFormat::alto},
                                                       {"pdf", DocumentFormat::pdf}};

/// The file with the command line's wishes in place of its own.
std::vector<Setting> wanted_settings(const ApplyOptions& options, const SettingFile& file) {
  std::vector<Setting> settings = file.settings;
  for (Setting& setting : settings) {
    if (options.languages) setting.languages = *options.languages;
    if (options.psm) setting.psm = *options.psm;
  }
  return settings;
}

/// Models that are there and load; and what differs from the machine of the screening, said aloud.
void check_engine(const SettingFile& file, const std::vector<Setting>& settings, EvaluatorClient& evaluator) {
  const auto versions = evaluator.versions();
  if (!versions) throw StartupError(versions.error().text);
  const auto differs = [&](const char* what, const std::string& theirs, const std::string& ours) {
    if (theirs.empty() || theirs == ours) return;
    fmt::print(stderr, "warning: the setting was found with {} {}, this machine has {}: readings may differ\n", what,
               theirs, ours);
  };
  if (file.engine) {
    differs("tesseract", file.engine->tesseract, versions->tesseract);
    differs("leptonica", file.engine->leptonica, versions->leptonica);
    differs("opencv", file.engine->opencv, versions->opencv);
  }
  std::vector<PageSpec> specs;
  std::map<std::int32_t, std::set<std::string>> languages;  // by engine mode
  for (const Setting& setting : settings) {
    specs.emplace_back();
    specs.back().languages = setting.languages;
    specs.back().psm = setting.psm;
    languages[setting.engine.oem].insert(setting.languages);
  }
  const ResolvedModels models = resolve_models(needed_models(specs), tessdata_folder());
  std::string missing;
  for (const MissingModel& model : models.missing) missing += (missing.empty() ? "" : "\n") + model.text;
  if (!missing.empty()) throw StartupError(missing);
  for (const ModelRef& model : models.models) {
    const auto theirs = file.models.find(model.language);
    if (theirs == file.models.end() || theirs->second == to_hex(model.hash)) continue;
    fmt::print(stderr, "warning: the setting was found with another model '{}': readings may differ\n", model.language);
  }
  for (const auto& [oem, wanted] : languages) {
    if (auto checked = evaluator.check_models(models.tessdata, {wanted.begin(), wanted.end()}, oem); !checked) {
      throw StartupError(checked.error().text);
    }
  }
}

/// An image file and how the pages in it are called.
struct Source {
  fs::path file;
  std::string name;
  std::size_t number = 0;  // of a PDF's page; 0 = the frames of the file decide
};

AppliedPage failed_page(const std::string& name, const fs::path& output, const std::string& reason) {
  AppliedPage row;
  row.page = name;
  row.output = output;
  row.reason = reason;
  return row;
}

/// Images, and PDFs as one image per page; a PDF that cannot be rendered goes to `failed`.
std::vector<Source> sources_of(const ApplyInputs& inputs, DocumentFormat format, std::vector<AppliedPage>& failed) {
  std::vector<Source> sources;
  std::optional<fs::path> folder;
  for (const ApplyInput& input : inputs.files) {
    if (!input.pdf) {
      sources.push_back({input.file, input.name, 0});
      continue;
    }
    if (!folder) {
      auto made = temporary_pdf_folder();
      if (!made) throw StartupError(made.error().text);
      folder = *made;
    }
    const auto hash = hash_file(input.file);
    auto images = hash ? render_pdf(input.file, *hash, *folder) : Result<std::vector<fs::path>>(hash.error());
    if (!images) {
      fmt::print(stderr, "{}\n", images.error().text);
      failed.push_back(failed_page(input.name, output_of(input.name, 0, format), images.error().text));
      continue;
    }
    for (std::size_t i = 0; i < images->size(); ++i) sources.push_back({(*images)[i], input.name, i + 1});
  }
  return sources;
}

/// Every frame of every source that can be decoded. Interrupted = nothing.
std::optional<std::vector<ApplyPage>> inspect(const std::vector<Source>& sources, const ApplyOptions& options,
                                              DocumentFormat format, std::uint64_t max_pixels, std::size_t jobs,
                                              std::vector<AppliedPage>& failed) {
  std::vector<Result<PageDescription>> described(sources.size(), Error{"not looked at"});
  ParallelProgress progress("files looked at", sources.size());
  const auto runner = [&]() -> JobRunner {
    auto evaluator = std::make_shared<EvaluatorClient>(worker_program());
    return [&, evaluator](std::size_t i) { described[i] = evaluator->describe(sources[i].file, max_pixels); };
  };
  const bool all =
      run_in_parallel(sources.size(), jobs, runner, [&](std::size_t finished) { return progress.look(finished); });
  progress.finish();
  if (!all) return std::nullopt;
  std::vector<ApplyPage> pages;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const Source& source = sources[i];
    std::string why = !described[i] ? described[i].error().text : described[i]->error;
    if (why.empty() && described[i]->frames.empty()) why = "holds no image";
    if (!why.empty()) {
      fmt::print(stderr, "{}: {}\n", source.name, why);
      failed.push_back(failed_page(source.name, output_of(source.name, source.number, format), why));
      continue;
    }
    const std::vector<PageFrame>& frames = described[i]->frames;
    for (std::size_t f = 0; f < frames.size(); ++f) {
      ApplyPage page;
      const std::size_t number = source.number > 0 ? source.number : frames.size() > 1 ? f + 1 : 0;
      page.file = source.file;
      page.name = source.name + (number > 0 ? "#" + std::to_string(number) : "");
      page.output = output_of(source.name, number, format);
      page.spec.frame = static_cast<std::uint32_t>(f);
      page.spec.width = frames[f].width;
      page.spec.height = frames[f].height;
      page.spec.dpi = options.dpi.value_or(frames[f].dpi);
      pages.push_back(std::move(page));
    }
  }
  return pages;
}

/// Nothing is overwritten: no page by another, no input at all, no file that is there unless --force.
void check_outputs(const std::vector<std::pair<std::string, fs::path>>& outputs, const ApplyInputs& inputs,
                   const fs::path& out, bool force) {
  constexpr std::size_t told_max = 5;
  std::set<fs::path> input_files;
  std::error_code ignored;
  for (const ApplyInput& input : inputs.files) {
    input_files.insert(fs::weakly_canonical(input.file.parent_path(), ignored) / input.file.filename());
  }
  std::map<fs::path, std::string> owners;
  std::vector<std::string> errors;
  for (const auto& [page, output] : outputs) {
    const fs::path file = fs::weakly_canonical((out / output).parent_path(), ignored) / output.filename();
    const auto [owner, added] = owners.emplace(file, page);
    if (!added) {
      errors.push_back(
          fmt::format("{} and {} would both become {}; give them to two calls", owner->second, page, file.string()));
    } else if (input_files.contains(file)) {
      errors.push_back(fmt::format("{}: is an input and would be overwritten; expected another --out", file.string()));
    } else if (!force && fs::exists(fs::symlink_status(file, ignored))) {
      errors.push_back(fmt::format("{}: exists already; --force replaces it", file.string()));
    }
  }
  if (errors.empty()) return;
  const std::size_t told = std::min(errors.size(), told_max);
  std::string text =
      fmt::format("{}", fmt::join(errors.begin(), errors.begin() + static_cast<std::ptrdiff_t>(told), "\n"));
  if (errors.size() > told) text += fmt::format("\n… and {} more outputs like these", errors.size() - told);
  throw StartupError(text);
}

/// Before images are looked at: of files that can hold one page only.
void check_outputs_early(const ApplyInputs& inputs, DocumentFormat format, const fs::path& out, bool force) {
  std::vector<std::pair<std::string, fs::path>> outputs;
  for (const ApplyInput& input : inputs.files) {
    const std::string extension = fs::path(input.name).extension().string();
    const bool several = input.pdf || extension.starts_with(".t") || extension.starts_with(".T");
    if (!several) outputs.emplace_back(input.name, output_of(input.name, 0, format));
  }
  check_outputs(outputs, inputs, out, force);
}

/// The rows of the pages that were done with, in their order.
std::vector<AppliedPage> apply_all(const ApplyPlan& plan, std::size_t jobs, bool& complete) {
  std::vector<std::optional<AppliedPage>> rows(plan.pages.size());
  ParallelProgress progress("pages", plan.pages.size());
  const auto runner = [&]() -> JobRunner {
    auto applier = std::make_shared<PageApplier>(plan, worker_program());
    return [&, applier](std::size_t i) {
      rows[i] = applier->apply(i);
      if (!rows[i]->reason.empty()) progress.fail(rows[i]->page, rows[i]->reason);
    };
  };
  complete =
      run_in_parallel(plan.pages.size(), jobs, runner, [&](std::size_t finished) { return progress.look(finished); });
  static_cast<void>(progress.look(plan.pages.size()));
  progress.finish();
  std::vector<AppliedPage> done;
  for (auto& row : rows) {
    if (row) done.push_back(std::move(*row));
  }
  return done;
}

int tell(const std::vector<AppliedPage>& rows, std::size_t pages, bool complete, const fs::path& out) {
  const auto failed =
      std::count_if(rows.begin(), rows.end(), [](const AppliedPage& row) { return !row.reason.empty(); });
  fmt::print("{} of {} pages written to {}{}; apply.csv says how\n", std::ssize(rows) - failed, pages, out.string(),
             failed > 0 ? fmt::format(", {} failed", failed) : "");
  if (!complete) {
    fmt::print("interrupted\n");
    return exit_interrupted;
  }
  return failed > 0 ? exit_missing : exit_complete;
}

}  // namespace

int apply_command(const ApplyOptions& options) {
  const SettingFile file = read_setting_file(options.settings);
  ApplyPlan plan;
  plan.settings = wanted_settings(options, file);
  plan.keep = file.keep;
  plan.format = formats.at(options.format);
  plan.out = options.out;
  plan.tessdata = tessdata_folder();
  plan.force = options.force;
  const ApplyInputs inputs = find_apply_inputs(options.inputs);
  if (inputs.left_out > 0) fmt::print(stderr, "{} files that are no images are left out\n", inputs.left_out);
  check_outputs_early(inputs, plan.format, plan.out, plan.force);
  const fs::path table = plan.out / "apply.csv";
  if (auto ours = check_apply_table(table); !ours) throw StartupError(ours.error().text);
  if (plan.format != DocumentFormat::png || plan.settings.size() > 1) {
    EvaluatorClient evaluator{worker_program()};
    check_engine(file, plan.settings, evaluator);
  }

  ParallelProgress::block_signals();
  const std::size_t jobs = options.jobs.value_or(evaluators_that_fit());
  std::vector<AppliedPage> failed;
  const std::vector<Source> sources = sources_of(inputs, plan.format, failed);
  std::uint64_t max_pixels = 0;
  for (const Setting& setting : plan.settings) max_pixels = std::max(max_pixels, setting.limits.max_pixels);
  auto pages = inspect(sources, options, plan.format, max_pixels, jobs, failed);
  if (!pages) {
    fmt::print("interrupted: nothing was written\n");
    return exit_interrupted;
  }
  plan.pages = std::move(*pages);
  std::vector<std::pair<std::string, fs::path>> outputs;
  for (const ApplyPage& page : plan.pages) outputs.emplace_back(page.name, page.output);
  check_outputs(outputs, inputs, plan.out, plan.force);
  std::error_code error;
  fs::create_directories(plan.out, error);
  if (error) throw StartupError(plan.out.string() + ": " + error.message());

  bool complete = true;
  std::vector<AppliedPage> rows = apply_all(plan, jobs, complete);
  rows.insert(rows.end(), failed.begin(), failed.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const AppliedPage& a, const AppliedPage& b) { return a.page < b.page; });
  const int exit_code = tell(rows, plan.pages.size() + failed.size(), complete, plan.out);
  if (auto written = write_apply_table(table, rows); !written) {
    fmt::print(stderr, "{}\n", written.error().text);
    return std::max(exit_code, exit_missing);
  }
  return exit_code;
}

}  // namespace ocrs
