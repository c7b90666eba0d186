#include "coordinator/io/glob.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t visits_max = 2'000'000;
constexpr std::size_t depth_max = 64;

/// Bytes of the UTF-8 character at the front; 1 for a stray byte.
std::size_t character_bytes(std::string_view text) {
  std::size_t bytes = 1;
  while (bytes < text.size() && bytes < 4 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) ++bytes;
  return (static_cast<unsigned char>(text[0]) & 0xC0) == 0xC0 ? bytes : 1;
}

/// Bytes of the bracket expression at the pattern's front, or 0 when it is not closed: then '[' stands for itself.
std::size_t bracket_bytes(std::string_view pattern) {
  const std::size_t first = pattern.size() > 1 && (pattern[1] == '!' || pattern[1] == '^') ? 2 : 1;
  const std::size_t close = pattern.find(']', first + 1);  // A ']' that comes first is a member.
  return close == std::string_view::npos ? 0 : close + 1;
}

bool bracket_holds(std::string_view bracket, std::string_view character) {
  std::string_view members = bracket.substr(1, bracket.size() - 2);
  const bool negated = members.front() == '!' || members.front() == '^';
  if (negated) members.remove_prefix(1);
  bool held = false;
  while (!members.empty()) {
    const std::string_view low = members.substr(0, character_bytes(members));
    members.remove_prefix(low.size());
    if (members.size() > 1 && members[0] == '-') {
      members.remove_prefix(1);
      const std::string_view high = members.substr(0, character_bytes(members));
      members.remove_prefix(high.size());
      // UTF-8 sorts as its characters do, given equal lengths; a longer one is the later one.
      const auto ordered = [](std::string_view a, std::string_view b) {
        return a.size() != b.size() ? a.size() < b.size() : a <= b;
      };
      held = held || (ordered(low, character) && ordered(character, high));
    } else {
      held = held || low == character;
    }
  }
  return held != negated;
}

bool has_wildcard(std::string_view pattern) { return pattern.find_first_of("*?[") != std::string_view::npos; }

struct TooMuch {};

class Walk {
 public:
  explicit Walk(std::vector<std::string> parts) : parts_(std::move(parts)) {}

  void at(const fs::path& folder, std::size_t part) {
    if (part == parts_.size()) return;
    const std::string& pattern = parts_[part];
    const bool last = part + 1 == parts_.size();
    if (pattern == "**") {
      if (!last) at(folder, part + 1);
      descend(folder, part, last);
    } else if (!has_wildcard(pattern)) {
      take(folder / pattern, part, last);
    } else {
      for (const fs::path& entry : entries(folder)) {
        if (glob_matches(pattern, entry.filename().native())) take(entry, part, last);
      }
    }
  }

  std::set<std::string> files;

 private:
  using FileId = std::pair<dev_t, ino_t>;

  std::vector<std::string> parts_;
  std::vector<FileId> path_;  // folders being descended by **
  std::size_t visits_ = 0;

  void take(const fs::path& entry, std::size_t part, bool last) {
    struct stat status {};
    if (::stat(entry.c_str(), &status) != 0) return;
    if (last && S_ISREG(status.st_mode)) files.insert(entry.lexically_normal().native());
    if (!last && S_ISDIR(status.st_mode)) at(entry, part + 1);
  }

  void descend(const fs::path& folder, std::size_t part, bool files_too) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return;
    const FileId id{status.st_dev, status.st_ino};
    if (std::find(path_.begin(), path_.end(), id) != path_.end()) return;  // A link that leads back up.
    if (path_.size() >= depth_max) throw TooMuch{};
    path_.push_back(id);
    for (const fs::path& entry : entries(folder)) {
      if (entry.filename().native().front() == '.') continue;
      struct stat below {};
      if (::stat(entry.c_str(), &below) != 0) continue;
      if (S_ISDIR(below.st_mode)) at(entry, part);
      if (files_too && S_ISREG(below.st_mode)) files.insert(entry.lexically_normal().native());
    }
    path_.pop_back();
  }

  std::vector<fs::path> entries(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end; it.increment(error)) {
      if (++visits_ > visits_max) throw TooMuch{};
      found.push_back(it->path());
    }
    return found;
  }
};

std::vector<std::string> parts_of(const std::string& pattern) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= pattern.size()) {
    const std::size_t slash = std::min(pattern.find('/', start), pattern.size());
    const std::string part = pattern.substr(start, slash - start);
    start = slash + 1;
    const bool again = part == "**" && !parts.empty() && parts.back() == "**";
    if (!part.empty() && part != "." && !again) parts.push_back(part);
  }
  return parts;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view name) {
  if (!name.empty() && name.front() == '.' && (pattern.empty() || pattern.front() != '.')) return false;
  // Greedy with one way back, to the last star: no pattern takes more than |pattern| times |name| steps.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    const std::string_view character = name.substr(n, character_bytes(name.substr(n)));
    const std::size_t bracket = p < pattern.size() && pattern[p] == '[' ? bracket_bytes(pattern.substr(p)) : 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (bracket > 0 && bracket_holds(pattern.substr(p, bracket), character)) {
      p += bracket;
      n += character.size();
    } else if (p < pattern.size() && pattern[p] == '?') {
      ++p;
      n += character.size();
    } else if (p < pattern.size() && bracket == 0 && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      star_name += character_bytes(name.substr(star_name));
      n = star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<std::vector<fs::path>> expand_glob(const fs::path& base, const std::string& pattern) {
  std::error_code error;
  const fs::path start = fs::absolute(base, error);
  if (error) return Error{base.string() + ": " + error.message()};
  if (fs::is_regular_file(start / pattern, error)) return std::vector<fs::path>{(start / pattern).lexically_normal()};
  Walk walk(parts_of(pattern));
  try {
    walk.at(pattern.starts_with('/') ? fs::path("/") : start, 0);
  } catch (const TooMuch&) {
    return Error{"'" + pattern + "' leads through more than " + std::to_string(visits_max) +
                 " files or too many folders; name the folder of the pages more closely"};
  }
  return std::vector<fs::path>(walk.files.begin(), walk.files.end());
}

}  // namespace ocrs
