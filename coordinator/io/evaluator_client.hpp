// EvaluatorClient has images decoded and read by an evaluator child, so that no image can harm the coordinator: page
// inspection, the check of the models, the few points of `run --plan`, `apply`. Blocks; restarts the child after it
// died. Belongs to one thread, which must live as long as the child.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/core/evaluator_messages.hpp"
#include "common/core/result.hpp"
#include "common/io/child_process.hpp"

namespace ocrs {

/// The worker program that belongs to this one: `ocrscreen-worker` in the same folder. Throws StartupError.
[[nodiscard]] std::filesystem::path worker_program();

class EvaluatorClient {
 public:
  explicit EvaluatorClient(std::filesystem::path program) : program_(std::move(program)) {}

  /// Versions of the libraries the evaluator is linked with.
  [[nodiscard]] Result<EngineVersions> versions();
  /// What the image file is; an unreadable one is a description with an error, a dead child too ("… crashed the
  /// decoder").
  [[nodiscard]] Result<PageDescription> describe(const std::filesystem::path& file, std::uint64_t max_pixels);
  /// Loads every one of these "fra+eng" forms from the folder for engine mode `oem`.
  [[nodiscard]] Result<void> check_models(const std::filesystem::path& tessdata,
                                          const std::vector<std::string>& languages, std::int32_t oem);

  /// From now on evaluate() works on this screening, with the models of that folder.
  void prepare(Prepare screening);
  /// Evaluates the points on a page, in order; a dead child is an Error.
  [[nodiscard]] Result<std::vector<Evaluated>> evaluate(PageIndex page, const std::filesystem::path& file,
                                                        const std::string& ground_truth,
                                                        const std::vector<Point>& points);
  /// The page through each point's stages, as WebP pictures at most so wide; after a death the next one gets a new
  /// child.
  [[nodiscard]] std::vector<Result<std::string>> preview(PageIndex page, const std::filesystem::path& file,
                                                         const std::vector<Point>& points, std::uint32_t width_max);
  /// A document of a page; with result.failure there are no bytes. A dead child is an Error.
  struct Document {
    EvaluationResult result;
    std::string bytes;
  };
  [[nodiscard]] Result<Document> render(const std::filesystem::path& file, const Render& order);

 private:
  [[nodiscard]] Result<void> start();
  [[nodiscard]] Result<void> send(const EvaluatorCommand& command, int descriptor = -1);
  /// The next report within the time, or an Error that says how the child ended.
  [[nodiscard]] Result<EvaluatorReport> receive(std::chrono::seconds within);
  /// The same while points are evaluated: past what was started, within the limit of one stage or recognition.
  [[nodiscard]] Result<EvaluatorReport> receive_past_started();
  /// Has the prepared screening's page loaded.
  [[nodiscard]] Result<void> load(PageIndex page, const std::filesystem::path& file, const std::string& ground_truth);
  [[nodiscard]] Result<std::string> preview_of(PageIndex page, const Point& point, std::uint32_t width_max);
  [[nodiscard]] Error death(const std::string& what);
  /// Ends a child from which more reports about a failed command may come: none may be taken for the next one's.
  [[nodiscard]] Error given_up(const std::string& what);

  std::filesystem::path program_;
  std::optional<ChildProcess> child_;
  std::optional<EngineVersions> versions_;
  std::optional<Prepare> prepare_;
  bool prepared_ = false;                                              // this child has had prepare_
  std::optional<std::pair<PageIndex, std::filesystem::path>> loaded_;  // the page this child works on
  std::string node_;                                                   // what the child said it starts
  UniqueFd descriptor_;                                                // that came with the last report
};

}  // namespace ocrs
