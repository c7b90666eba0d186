// Puts settings to use on one page: through an evaluator child to a written output file. Decides which reading of a
// portfolio is kept (by core/reading_choice) and what a failure costs: this page. One PageApplier per thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/io/apply_table.hpp"
#include "coordinator/io/evaluator_client.hpp"
#include "coordinator/io/setting_file.hpp"

namespace ocrs {

struct ApplyPage {
  std::filesystem::path file;
  std::string name;
  std::filesystem::path output;  // below the output folder
  PageSpec spec;                 // without languages and psm, which are a setting's
};

struct ApplyPlan {
  std::vector<Setting> settings;
  KeepRule keep = default_keep;  // of several settings' readings of a page
  std::vector<ApplyPage> pages;
  DocumentFormat format = DocumentFormat::png;
  std::filesystem::path out;
  std::filesystem::path tessdata;
  bool force = false;  // replace outputs
};

class PageApplier {
 public:
  /// `plan` must outlive it.
  PageApplier(const ApplyPlan& plan, std::filesystem::path program);
  /// Writes the page's output, or says in `reason` why there is none.
  [[nodiscard]] AppliedPage apply(std::size_t page);

 private:
  /// Settings that differ in nothing but their points are evaluated together.
  struct Group {
    std::vector<std::size_t> settings;
  };
  [[nodiscard]] Point point_for_evaluator(std::size_t setting) const;
  void work_on(std::size_t group);
  /// The position of the setting whose reading is kept, its text_yield noted; or nothing and why in `row`.
  [[nodiscard]] std::optional<std::size_t> choose(std::size_t page, AppliedPage& row);
  [[nodiscard]] Result<void> write(const ApplyPage& page, const std::string& bytes) const;

  const ApplyPlan& plan_;
  EvaluatorClient evaluator_;
  std::vector<Group> groups_;
  std::vector<std::size_t> group_of_;    // per setting
  std::optional<std::size_t> prepared_;  // group
};

}  // namespace ocrs
