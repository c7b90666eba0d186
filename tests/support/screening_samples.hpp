// Small screenings, results and folders for tests of the journal and of what is made from it. No I/O but the folder's.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "common/core/codec.hpp"
#include "common/io/compression.hpp"
#include "common/io/hash.hpp"
#include "coordinator/io/journal.hpp"
#include "coordinator/io/screening_record.hpp"

namespace ocrs::test {

/// A folder of its own under the temporary one, gone at the end.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "ocrs-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline Page sample_page(const std::string& name, const std::string& ground_truth = "some text") {
  Page page;
  page.names = {name};
  page.file = "/somewhere/" + name;
  page.spec.file = hash_bytes("bytes of " + name);
  page.spec.width = 1000;
  page.spec.height = 1500;
  page.spec.dpi = 240.5;
  page.dpi_source = "estimated";
  page.brightness = 201.25;
  page.noise = 3.5;
  if (!ground_truth.empty()) {
    page.ground_truth = ground_truth;
    page.ground_truth_file = "/somewhere/" + name + ".gt.txt";
    page.spec.ground_truth = hash_bytes(ground_truth);
  }
  return page;
}

inline Screening sample_screening(std::size_t pages, std::uint32_t points) {
  Screening screening;
  screening.title = "sample: \"quoted\"";
  screening.pipeline = *find_pipeline("open");
  screening.design.points = points;
  screening.config_text = "screening: sample\npages: ['*.png']\n";
  screening.models = {{"eng", hash_bytes("model"), 4113088}};
  for (std::size_t i = 0; i < pages; ++i) {
    screening.pages.push_back(sample_page("page_" + std::to_string(i / 10) + std::to_string(i % 10) + ".png"));
  }
  return screening;
}

inline ScreeningRecord sample_record(std::size_t pages, std::uint32_t points) {
  return new_record(sample_screening(pages, points), {"5.3.0", "1.82.0", "4.6.0"}, 1'700'000'000'000);
}

/// Numbers that differ from evaluation to evaluation and have long decimal forms.
inline FinalRow sample_done(std::uint32_t page, std::int64_t point) {
  FinalRow row;
  EvaluationResult& result = row.result;
  result.id = {PageIndex{page}, PointIndex{point}};
  result.attempt = Attempt{1};
  const double mixed = static_cast<double>((point + 2) * 7919 % 1009) / 1009 + page * 0.001;
  result.scores = {.confidence = 50 + 40 * mixed,
                   .words = static_cast<std::uint32_t>(100 + point % 17),
                   .characters = static_cast<std::uint32_t>(500 + (point * 31 + page) % 97),
                   .lexicon = mixed / 3,
                   .sharpness = 1000 * mixed,
                   .contrast = 60 * mixed,
                   .cnr = 2.5 * mixed,
                   .cer = 0.4 - mixed / 7,
                   .wer = 0.6 - mixed / 7,
                   .word_recall = 0.3 + mixed / 7};
  result.cost = {.stages_run = {0, 4, 6},
                 .stage_ms = {1.1, 250.0 * mixed, 3.25},
                 .recognise_ms = 1200.5,
                 .recognised = point % 3 != 0,
                 .elapsed_ms = 1500.25 + mixed};
  result.reading = hash_bytes(std::to_string(page) + "/" + std::to_string(point));
  result.backend = "cpu";
  row.worker = "host-a/1234abcd";
  row.time_ms = 1'700'000'000'000 + point;
  return row;
}

inline FinalRow sample_end(std::uint32_t page, std::int64_t point, EvaluationStatus status, Failure failure) {
  FinalRow row;
  row.status = status;
  row.result.id = {PageIndex{page}, PointIndex{point}};
  row.result.attempt = Attempt{2};
  row.result.failure = std::move(failure);
  row.result.backend = "cpu";
  row.worker = "host-b/99";
  return row;
}

inline Reading sample_reading(const std::string& text) {
  Reading reading;
  reading.text = text;
  reading.words = {{text, 91.5, 1, 2, 30, 40, true}};
  return reading;
}

inline StoredEvaluation as_stored(const FinalRow& row) { return {row.status, row.result, row.worker, row.time_ms}; }

}  // namespace ocrs::test
