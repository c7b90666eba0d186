// ocrscreen: the coordinator and every verb of the user.
#include <cstdio>
#include <exception>

#include "common/core/result.hpp"
#include "coordinator/io/cli.hpp"

int main(int argc, char** argv) {
  try {
    return ocrs::run_coordinator_cli(argc, argv);
  } catch (const ocrs::StartupError& error) {
    std::fprintf(stderr, "ocrscreen: %s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ocrscreen: unexpected error: %s\n", error.what());
  }
  return 2;
}
