// The main of tests that start evaluator children: the same executable is test and evaluator.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "worker/io/evaluator.hpp"

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--evaluator") return ocrs::run_evaluator(std::atoi(argv[2]));
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
