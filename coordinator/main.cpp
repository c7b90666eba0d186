// ocrscreen: the coordinator and every verb of the user.
#include <cstdio>
#include <exception>

#include "common/core/result.hpp"
#include "coordinator/io/cli.hpp"
#include "coordinator/io/random_trees.hpp"

int main(int argc, char** argv) {
  try {
    const auto surrogate = ocrs::make_random_trees();
    return ocrs::run_coordinator_cli(argc, argv, *surrogate);
  } catch (const ocrs::StartupError& error) {
    std::fprintf(stderr, "ocrscreen: %s\n", error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ocrscreen: unexpected error: %s\n", error.what());
  }
  return 2;
}
