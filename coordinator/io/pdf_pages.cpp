#include "coordinator/io/pdf_pages.hpp"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>
#include <string>
#include <system_error>

#include "common/io/child_process.hpp"
#include "common/io/file.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t memory_max = std::uint64_t{4} << 30;
constexpr auto rendering_max = std::chrono::minutes(30);

/// Owns the folder of this process.
struct TemporaryFolder {
  fs::path path;
  std::string why;  // when there is none

  TemporaryFolder() {
    std::error_code error;
    const fs::path parent = fs::temp_directory_path(error);
    std::string pattern = ((error ? fs::path("/tmp") : parent) / "ocrscreen-pdf-XXXXXX").string();
    if (::mkdtemp(pattern.data())) {
      path = pattern;
    } else {
      why = pattern + ": cannot be made: " + std::strerror(errno);
    }
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

fs::path program_in_path(const std::string& name) {
  const char* variable = std::getenv("PATH");
  const std::string folders = variable ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (std::size_t start = 0; start <= folders.size();) {
    const std::size_t colon = std::min(folders.find(':', start), folders.size());
    const fs::path file = fs::path(folders.substr(start, colon - start)) / name;
    if (file.is_absolute() && ::access(file.c_str(), X_OK) == 0) return file;
    start = colon + 1;
  }
  return {};
}

/// The images in the order of the page numbers at the end of their names ("page-07.png").
std::vector<fs::path> rendered(const fs::path& folder) {
  std::map<int, fs::path> by_number;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string stem = it->path().stem().string();
    const std::size_t dash = stem.rfind('-');
    int number = 0;
    if (it->path().extension() != ".png" || dash == std::string::npos) continue;
    const auto [last, failure] = std::from_chars(stem.data() + dash + 1, stem.data() + stem.size(), number);
    if (failure == std::errc{} && last == stem.data() + stem.size()) by_number[number] = it->path();
  }
  std::vector<fs::path> pages;
  for (auto& [number, path] : by_number) pages.push_back(std::move(path));
  return pages;
}

/// Waits for the child's end, keeping what it says; kills it when it takes too long.
Result<void> finished(ChildProcess& child, const std::string& pdf) {
  ErrorTail said;
  const auto deadline = std::chrono::steady_clock::now() + rendering_max;
  while (true) {
    pollfd wait{child.error_output(), POLLIN, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      (void)child.kill();
      return Error{pdf + ": pdftoppm did not finish within " + std::to_string(rendering_max.count()) + " minutes"};
    }
    if (!said.read_from(child.error_output())) break;
  }
  const ChildExit exit = child.reap();
  if (exit.clean()) return {};
  const std::string words = said.text();
  return Error{pdf + ": pdftoppm " + to_string(exit) + (words.empty() ? "" : ": " + words)};
}

}  // namespace

Result<fs::path> temporary_pdf_folder() {
  static const TemporaryFolder folder;
  if (folder.path.empty()) return Error{folder.why};
  return folder.path;
}

Result<std::vector<fs::path>> render_pdf(const fs::path& pdf, const ContentHash& content, const fs::path& folder) {
  const fs::path target = folder / to_hex(content).substr(0, 32);
  std::error_code error;
  if (fs::is_directory(target, error)) return rendered(target);

  const fs::path program = program_in_path("pdftoppm");
  if (program.empty()) {
    return Error{pdf.string() + ": a PDF needs pdftoppm, which is not installed (Debian package poppler-utils)"};
  }
  // Rendered beside its place and moved there when complete, so that what is there is never half of a PDF.
  const fs::path unfinished = folder / (target.filename().string() + ".part");
  fs::remove_all(unfinished, error);
  if (const Result<void> made = make_private_dir(unfinished); !made) return made.error();
  ChildOptions options;
  options.executable = program;
  options.arguments = {"-r", "300", "-gray", "-png", pdf.string(), (unfinished / "page").string()};
  options.address_space_bytes_max = memory_max;
  Result<ChildProcess> child = ChildProcess::spawn(options);
  if (!child) return child.error();
  const Result<void> done = finished(*child, pdf.string());
  if (!done) {
    fs::remove_all(unfinished, error);
    return done.error();
  }
  if (rendered(unfinished).empty()) return Error{pdf.string() + ": pdftoppm found no pages in it"};
  fs::rename(unfinished, target, error);
  if (error) return Error{target.string() + ": " + error.message()};
  return rendered(target);
}

}  // namespace ocrs
