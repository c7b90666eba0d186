#include "coordinator/io/page_previews.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "common/io/hash.hpp"
#include "coordinator/io/evaluator_client.hpp"

namespace ocrs {
namespace {

constexpr std::uint32_t preview_width = 900;
constexpr unsigned children_max = 4;

std::vector<Result<std::string>> pictures_of(EvaluatorClient& evaluator, const Page& page, PageIndex index,
                                             const std::vector<Point>& points) {
  const auto none = [&](const std::string& why) {
    return std::vector<Result<std::string>>(points.size(), Result<std::string>(Error{why}));
  };
  const Result<ContentHash> hash = hash_file(page.file);
  if (!hash) return none("the page's file cannot be read any more");
  if (*hash != page.spec.file) return none("the page's file has changed since it was read");
  return evaluator.preview(index, page.file, points, preview_width);
}

}  // namespace

PagePreviews page_previews(const ScreeningRecord& record) {
  return [&record](const std::vector<PageIndex>& pages, const std::vector<Point>& points) {
    std::vector<PagePictures> all(pages.size());
    std::filesystem::path program;
    try {
      program = worker_program();
    } catch (const StartupError&) {
      return std::vector<PagePictures>{};  // An installation without a worker: the report has texts alone.
    }
    const Prepare prepare{screening_spec(record.screening, record.run), record.screening.tessdata.string()};
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      EvaluatorClient evaluator{program};  // Belongs to this thread, as its child does.
      evaluator.prepare(prepare);
      for (std::size_t i = next++; i < pages.size(); i = next++) {
        const Page& page = record.screening.pages[pages[i].value];
        all[i] = {pages[i], pictures_of(evaluator, page, pages[i], points)};
      }
    };
    const unsigned children = std::clamp(std::thread::hardware_concurrency(), 1U, children_max);
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < std::min<std::size_t>(children, pages.size()); ++i) threads.emplace_back(work);
    for (std::thread& thread : threads) thread.join();
    return all;
  };
}

}  // namespace ocrs
