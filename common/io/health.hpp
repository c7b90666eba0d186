// What `doctor` looks at on any host, whichever program asks: a verdict and a sentence per subject. Changes nothing. No
// images, OCR or processors (the programs' own doctors). One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ocrs {

/// warn: works, but not as well as it could; bad: does not work.
enum class Verdict { ok, warn, bad };
[[nodiscard]] const char* to_string(Verdict verdict);

struct Finding {
  std::string subject;  // "memory", "clock", …
  Verdict verdict = Verdict::ok;
  std::string text;  // what was found; of warn and bad also why
};

[[nodiscard]] bool any_bad(const std::vector<Finding>& findings);
/// A line each, to stdout.
void print_findings(const std::vector<Finding>& findings);

/// The wall clock shows a year that can be, and the monotonic clock goes forward at the same pace.
[[nodiscard]] Finding check_clock();
/// Two neighbouring TCP ports can be bound on 127.0.0.1 and reached there.
[[nodiscard]] Finding check_loopback();
/// Kind of file system and free bytes of a folder, which need not exist yet. Bad on a network file system, where
/// neither journal nor spool may be.
[[nodiscard]] Finding check_disk(const std::string& subject, const std::filesystem::path& folder,
                                 std::uint64_t bytes_wanted);

}  // namespace ocrs
