#include "coordinator/io/page_set.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "common/core/text_scores.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "coordinator/core/page_sample.hpp"
#include "coordinator/io/glob.hpp"
#include "coordinator/io/page_files.hpp"
#include "coordinator/io/pdf_pages.hpp"

namespace ocrs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t ground_truth_bytes_max = 64 * 1024 * 1024;

bool is_ground_truth(const fs::path& file) { return file.native().ends_with(".gt.txt"); }

/// How a page is to be read, as far as entries say.
struct PageOptions {
  std::optional<std::string> languages;
  std::optional<std::int32_t> psm;
  std::optional<double> dpi;
};

/// One frame of one file, before equal ones are merged.
struct Candidate {
  Page page;
  std::string name;
};

class PageFinder {
 public:
  PageFinder(const ConfigFile& config, const PageInspector& inspect, fs::path pdf_folder)
      : config_(config), inspect_(inspect), pdf_folder_(std::move(pdf_folder)) {}

  PageSet find() {
    expand_globs();
    std::vector<fs::path> files;
    for (const auto& [file, options] : files_) files.emplace_back(file);
    common_ = common_folder(files);
    for (const auto& [file, options] : files_) add_file(file, options);
    settle_unreadable();
    merge_equal();
    if (set_.errors.empty() && config_.pages_sample) take_sample();
    return std::move(set_);
  }

 private:
  const ConfigFile& config_;
  const PageInspector& inspect_;
  fs::path pdf_folder_;
  std::map<std::string, PageOptions> files_;  // absolute path -> what entries say; sorted bytewise
  fs::path common_;
  std::vector<Candidate> candidates_;
  std::vector<std::string> unreadable_;
  std::map<ContentHash, Result<PageDescription>> inspected_;
  PageSet set_;

  void expand_globs();
  void take_matches(const PageEntry& entry, const std::vector<fs::path>& matches);
  [[nodiscard]] std::string name_of(const fs::path& file) const;
  void add_file(const fs::path& file, const PageOptions& options);
  void add_pdf(const fs::path& file, const ContentHash& hash, const PageOptions& options);
  [[nodiscard]] const Result<PageDescription>& inspection(const fs::path& file, const ContentHash& hash);
  /// The frames of an image, or nothing after noting why it cannot be read.
  [[nodiscard]] std::vector<PageFrame> frames_of(const fs::path& file, const ContentHash& hash,
                                                 const std::string& name);
  void add_frame(const fs::path& file, const ContentHash& hash, std::uint32_t frame, const PageFrame& description,
                 const PageOptions& options, const std::string& name, const std::vector<fs::path>& truths);
  void read_ground_truth(Page& page, const std::vector<fs::path>& truths);
  void warn_of_unused_truth(const fs::path& file, std::size_t frames);
  void settle_unreadable();
  void merge_equal();
  void take_sample();
};

void PageFinder::expand_globs() {
  const fs::path base = config_.path.has_parent_path() ? config_.path.parent_path() : fs::path(".");
  for (const PageEntry& entry : config_.pages) {
    const std::string place = config_.path.string() + ":" + std::to_string(entry.line) + ": key 'pages': ";
    const Result<std::vector<fs::path>> matches = expand_glob(base, entry.glob);
    if (!matches) {
      set_.errors.push_back(place + matches.error().text);
      continue;
    }
    std::vector<fs::path> pages;
    std::vector<fs::path> others;
    for (const fs::path& file : *matches) {
      if (is_image_file(file) || is_pdf_file(file)) {
        pages.push_back(file);
      } else if (!is_ground_truth(file)) {
        others.push_back(file);
      }
    }
    if (pages.empty()) {
      std::error_code ignored;
      std::string hint = matches->empty() ? "" : " among the " + std::to_string(matches->size()) + " files it names";
      if (fs::is_directory(base / entry.glob, ignored)) hint = "; it is a folder, expected FOLDER/* or FOLDER/**";
      if (entry.glob.find('{') != std::string::npos) hint = "; braces are plain characters, expected one glob for each";
      set_.errors.push_back(place + "'" + entry.glob + "' names no image" + hint + " (looked from " +
                            fs::absolute(base, ignored).lexically_normal().string() + ")");
      continue;
    }
    if (!others.empty()) {
      set_.warnings.push_back(place + "'" + entry.glob + "' also names " + std::to_string(others.size()) +
                              " files that are no images, left out: " + others.front().filename().string() +
                              (others.size() > 1 ? ", …" : ""));
    }
    take_matches(entry, pages);
  }
}

void PageFinder::take_matches(const PageEntry& entry, const std::vector<fs::path>& matches) {
  for (const fs::path& file : matches) {
    PageOptions& options = files_[file.native()];
    if (entry.languages) options.languages = entry.languages;
    if (entry.psm) options.psm = entry.psm;
    if (entry.dpi) options.dpi = entry.dpi;
  }
}

std::string PageFinder::name_of(const fs::path& file) const {
  return file.lexically_relative(common_).generic_string();
}

void PageFinder::add_file(const fs::path& file, const PageOptions& options) {
  const std::string name = name_of(file);
  const Result<std::string> utf8 = checked_ground_truth(name);
  const bool control = std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 32; });
  if (!utf8 || control) {
    unreadable_.push_back(name + ": its name is not plain UTF-8 text; rename it");
    return;
  }
  const Result<ContentHash> hash = hash_file(file);
  if (!hash) {
    unreadable_.push_back(hash.error().text);
    return;
  }
  if (is_pdf_file(file)) {
    add_pdf(file, *hash, options);
    return;
  }
  const std::vector<PageFrame> frames = frames_of(file, *hash, name);
  const fs::path stem = file.parent_path() / file.stem();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    const bool single = frames.size() == 1;
    const fs::path truth = stem.string() + (single ? "" : "." + number) + ".gt.txt";
    add_frame(file, *hash, static_cast<std::uint32_t>(i), frames[i], options, single ? name : name + "#" + number,
              {truth});
  }
  warn_of_unused_truth(file, frames.size());
}

void PageFinder::add_pdf(const fs::path& file, const ContentHash& hash, const PageOptions& options) {
  if (pdf_folder_.empty()) {
    const Result<fs::path> folder = temporary_pdf_folder();
    if (!folder) {
      unreadable_.push_back(folder.error().text);
      return;
    }
    pdf_folder_ = *folder;
  }
  const Result<std::vector<fs::path>> images = render_pdf(file, hash, pdf_folder_);
  if (!images) {
    unreadable_.push_back(images.error().text);
    return;
  }
  const std::string stem = (file.parent_path() / file.stem()).string();
  for (std::size_t i = 0; i < images->size(); ++i) {
    const fs::path& image = (*images)[i];
    const std::string number = std::to_string(i + 1);
    const std::string name = name_of(file) + "#" + number;
    const Result<ContentHash> image_hash = hash_file(image);
    if (!image_hash) {
      unreadable_.push_back(name + ": " + image_hash.error().text);
      continue;
    }
    std::vector<fs::path> truths = {stem + "." + number + ".gt.txt"};
    if (images->size() == 1) truths.emplace_back(stem + ".gt.txt");
    const std::vector<PageFrame> frames = frames_of(image, *image_hash, name);
    if (!frames.empty()) add_frame(image, *image_hash, 0, frames.front(), options, name, truths);
  }
  if (images->size() > 1) warn_of_unused_truth(file, images->size());
}

const Result<PageDescription>& PageFinder::inspection(const fs::path& file, const ContentHash& hash) {
  const auto known = inspected_.find(hash);
  if (known != inspected_.end()) return known->second;
  return inspected_.emplace(hash, inspect_(file, config_.limits.max_pixels)).first->second;
}

std::vector<PageFrame> PageFinder::frames_of(const fs::path& file, const ContentHash& hash, const std::string& name) {
  const Result<PageDescription>& description = inspection(file, hash);
  const auto refuse = [&](const std::string& why) {
    unreadable_.push_back(why.starts_with(name + ":") ? why : name + ": " + why);
    return std::vector<PageFrame>{};
  };
  if (!description) return refuse(description.error().text);
  if (!description->error.empty()) return refuse(description->error);
  if (description->frames.empty()) return refuse("holds no image");
  for (const PageFrame& frame : description->frames) {
    if (frame.width == 0 || frame.height == 0 || !(frame.dpi > 0)) return refuse("has no size or no resolution");
  }
  return description->frames;
}

void PageFinder::add_frame(const fs::path& file, const ContentHash& hash, std::uint32_t frame,
                           const PageFrame& description, const PageOptions& options, const std::string& name,
                           const std::vector<fs::path>& truths) {
  Page page;
  page.spec.file = hash;
  page.spec.frame = frame;
  page.spec.languages = options.languages.value_or(config_.languages);
  page.spec.psm = options.psm.value_or(config_.psm);
  page.spec.dpi = options.dpi.value_or(description.dpi);
  page.spec.width = description.width;
  page.spec.height = description.height;
  page.names = {name};
  page.file = file;
  page.dpi_source = options.dpi ? "config" : description.dpi_source;
  page.brightness = description.brightness;
  page.noise = description.noise;
  read_ground_truth(page, truths);
  candidates_.push_back({std::move(page), name});
}

void PageFinder::read_ground_truth(Page& page, const std::vector<fs::path>& truths) {
  for (const fs::path& truth : truths) {
    std::error_code ignored;
    if (!fs::exists(truth, ignored)) continue;
    const Result<std::string> bytes = read_file(truth, ground_truth_bytes_max);
    if (!bytes) {
      set_.errors.push_back(bytes.error().text);
      return;
    }
    Result<std::string> text = checked_ground_truth(*bytes);
    if (!text) {
      set_.errors.push_back(truth.string() + ": " + text.error().text + ", expected a UTF-8 text");
      return;
    }
    page.spec.ground_truth = hash_bytes(*text);  // line ends and a BOM make no difference
    page.ground_truth_file = truth;
    page.ground_truth = std::move(*text);
    return;
  }
}

void PageFinder::warn_of_unused_truth(const fs::path& file, std::size_t frames) {
  const fs::path truth = (file.parent_path() / file.stem()).string() + ".gt.txt";
  std::error_code ignored;
  if (frames < 2 || !fs::exists(truth, ignored)) return;
  set_.warnings.push_back(truth.string() + ": not used, since " + file.filename().string() + " holds " +
                          std::to_string(frames) + " pages; expected " + file.stem().string() + ".1.gt.txt and so on");
}

void PageFinder::settle_unreadable() {
  std::vector<std::string>& told = config_.pages_unreadable == UnreadablePages::skip ? set_.skipped : set_.errors;
  for (const std::string& why : unreadable_) {
    told.push_back(&told == &set_.errors ? "unreadable page: " + why : why);
  }
  if (candidates_.empty() && set_.errors.empty()) {
    std::string why = config_.path.string() + ": key 'pages': no readable page";
    for (const std::string& skipped : set_.skipped) why += "\n  " + skipped;
    set_.errors.push_back(why);
  }
}

void PageFinder::merge_equal() {
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.name < b.name; });
  std::map<std::pair<ContentHash, std::uint32_t>, std::vector<std::size_t>> same_image;  // positions in set_.pages
  for (Candidate& candidate : candidates_) {
    Page& page = candidate.page;
    std::vector<std::size_t>& twins = same_image[{page.spec.file, page.spec.frame}];
    const auto twin = std::find_if(twins.begin(), twins.end(), [&](std::size_t i) {
      const Page& other = set_.pages[i];
      return other.spec.languages == page.spec.languages && other.spec.psm == page.spec.psm &&
             other.spec.dpi == page.spec.dpi && other.ground_truth_file.empty() == page.ground_truth_file.empty() &&
             other.ground_truth == page.ground_truth;
    });
    if (twin != twins.end()) {
      set_.pages[*twin].names.push_back(candidate.name);
      continue;
    }
    if (!twins.empty()) {
      set_.warnings.push_back(candidate.name + " is the same image as " + set_.pages[twins.front()].names.front() +
                              ", but its options or its ground truth differ: both are read, as two pages");
    }
    twins.push_back(set_.pages.size());
    set_.pages.push_back(std::move(page));
  }
}

void PageFinder::take_sample() {
  std::vector<PageTraits> traits;
  for (const Page& page : set_.pages) traits.push_back(traits_of(page));
  std::vector<Page> sample;
  for (const std::size_t i : stratified_sample(traits, config_.pages_sample->count, config_.pages_sample->seed)) {
    sample.push_back(std::move(set_.pages[i]));
  }
  set_.pages = std::move(sample);
}

}  // namespace

PageSet find_pages(const ConfigFile& config, const PageInspector& inspect, const fs::path& pdf_folder) {
  return PageFinder(config, inspect, pdf_folder).find();
}

}  // namespace ocrs
