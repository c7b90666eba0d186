// `ocrscreen doctor`: what a coordinator needs of this machine, then what the worker program says of it as a worker.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "common/core/codec.hpp"
#include "common/core/messages.hpp"
#include "common/io/health.hpp"
#include "common/version.hpp"
#include "coordinator/io/commands.hpp"
#include "coordinator/io/evaluator_client.hpp"
#include "coordinator/io/models.hpp"

namespace ocrs {
namespace {

constexpr std::uint64_t output_bytes_wanted = std::uint64_t{2} << 30;

/// Languages with a .traineddata file, sorted.
std::vector<std::string> installed_models() {
  std::vector<std::string> languages;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(tessdata_folder(), error)) {
    if (entry.path().extension() == ".traineddata") languages.push_back(entry.path().stem().string());
  }
  std::sort(languages.begin(), languages.end());
  return languages;
}

Finding check_models_of_this_host(EvaluatorClient& evaluator) {
  std::vector<std::string> models = installed_models();
  const std::string folder = tessdata_folder().string();
  // Orientation only; it reads no text by itself.
  std::vector<std::string> reading = models;
  std::erase(reading, "osd");
  if (reading.empty()) {
    return {"models", Verdict::bad, "no .traineddata of a language found; apt-get install tesseract-ocr-eng"};
  }
  constexpr std::int32_t lstm = 1;
  if (const auto loaded = evaluator.check_models(folder, reading, lstm); !loaded) {
    return {"models", Verdict::bad, loaded.error().text};
  }
  return {"models", Verdict::ok, fmt::format("{} in {}, all load", fmt::join(models, ", "), folder)};
}

/// Its lines go to this program's standard output. Whether it found nothing bad.
bool worker_doctor(const std::filesystem::path& program) {
  ChildOptions options;
  options.executable = program;
  options.arguments = {"doctor"};
  options.own_stderr = false;  // keeps both outputs
  auto child = ChildProcess::spawn(options);
  if (!child) {
    print_findings({{"worker", Verdict::bad, child.error().text}});
    return false;
  }
  return child->reap().clean();
}

}  // namespace

int doctor_command() {
  std::vector<Finding> findings;
  findings.push_back(
      {"ocrscreen", Verdict::ok, fmt::format("{}, protocol {}.{}", program_version, protocol_major, protocol_minor)});
  std::optional<std::filesystem::path> program;
  try {
    program = worker_program();
    EvaluatorClient evaluator(*program);
    const auto versions = evaluator.versions();
    findings.push_back({"evaluator", versions.ok() ? Verdict::ok : Verdict::bad,
                        versions ? fmt::format("Tesseract {}, Leptonica {}, OpenCV {}", versions->tesseract,
                                               versions->leptonica, versions->opencv)
                                 : versions.error().text});
    if (versions) findings.push_back(check_models_of_this_host(evaluator));
  } catch (const StartupError& error) {
    findings.push_back({"evaluator", Verdict::bad, error.what()});
  }
  findings.push_back(check_disk("this folder", ".", output_bytes_wanted));
  findings.push_back(check_loopback());
  findings.push_back(check_clock());
  fmt::print("as a coordinator\n");
  print_findings(findings);
  bool healthy = !any_bad(findings);
  if (program) {
    fmt::print("as a worker\n");
    std::fflush(stdout);  // before the child writes there
    healthy = worker_doctor(*program) && healthy;
  }
  return healthy ? exit_complete : exit_cannot_start;
}

}  // namespace ocrs
