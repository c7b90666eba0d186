#include "common/core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace ocrs {

void check_failed(const char* expression, const char* file, int line, const char* why) {
  std::fprintf(stderr, "bug: %s:%d: %s (%s)\n", file, line, why, expression);
  std::abort();
}

}  // namespace ocrs
