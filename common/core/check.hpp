// OCRS_CHECK: an invariant of the program, checked in all builds. A broken one is a bug: say where and abort.
// Never for bad input (that is a Result) and never for a failed start (that is a StartupError).
#pragma once

namespace ocrs {

[[noreturn]] void check_failed(const char* expression, const char* file, int line, const char* why);

}  // namespace ocrs

#define OCRS_CHECK(expression, why)                                                \
  do {                                                                             \
    if (!(expression)) ::ocrs::check_failed(#expression, __FILE__, __LINE__, why); \
  } while (false)
