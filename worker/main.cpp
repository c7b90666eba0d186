#include <cstdio>
#include <exception>

#include "common/core/result.hpp"
#include "worker/io/cli.hpp"

int main(int argc, char** argv) {
  try {
    return ocrs::run_worker_cli(argc, argv);
  } catch (const ocrs::StartupError& error) {
    std::fprintf(stderr, "ocrscreen-worker: %s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ocrscreen-worker: unexpected: %s\n", error.what());
  }
  return 2;
}
