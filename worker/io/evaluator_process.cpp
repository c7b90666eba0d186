#include "worker/io/evaluator_process.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/core/ocl.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <string>

namespace ocrs {
namespace {

constexpr int oom_score_wanted = 500;  // of 1000: before the agent and everything else of the user

void raise_oom_score() {
  constexpr const char* path = "/proc/self/oom_score_adj";
  int score = 0;
  if (!(std::ifstream(path) >> score) || score >= oom_score_wanted) return;
  std::ofstream(path) << oom_score_wanted;
}

}  // namespace

Result<void> check_thread_limit(std::string_view environment) {
  constexpr std::string_view wanted = "OMP_THREAD_LIMIT=1";
  while (!environment.empty()) {
    const std::string_view entry = environment.substr(0, environment.find('\0'));
    if (entry == wanted) return {};
    environment.remove_prefix(std::min(environment.size(), entry.size() + 1));
  }
  return Error{
      "an evaluator must be started with OMP_THREAD_LIMIT=1 in its environment: set later it does nothing, and "
      "Tesseract's threads would fight over the core"};
}

Result<void> set_up_evaluator_process() {
  std::ifstream file("/proc/self/environ", std::ios::binary);
  const std::string environment{std::istreambuf_iterator<char>(file), {}};
  if (Result<void> single = check_thread_limit(environment); !single) return single;

  // The spawner has asked for this too; an evaluator that outlives it would read pages for nobody.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);  // it would hold a page
  raise_oom_score();

  cv::setNumThreads(1);
  cv::ocl::setUseOpenCL(false);
  // Decoders' complaints come back as errors; on stderr belong only the last words of a crash.
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  return {};
}

}  // namespace ocrs
