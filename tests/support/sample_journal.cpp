// Writes an output folder as a finished screening leaves it, without reading a page: sample_journal DIR PAGES POINTS
// [hostile]. Scores follow the factors (denoising helps, binarisation hurts, pages differ), so that an analysis has
// something to find; some evaluations fail or are missing. "hostile" gives pages, hosts and texts that try to be
// markup.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

#include "coordinator/core/design.hpp"
#include "coordinator/io/exports.hpp"
#include "coordinator/io/sqlite_journal.hpp"
#include "tests/support/screening_samples.hpp"

namespace {

using namespace ocrs;

constexpr char truth_text[] =
    "The registry keeps one line for every letter that came in,\nwith the day, the sender and what was asked for.\n"
    "Most of them are short; some were written in a hurry,\nand a few have lost a corner to damp or to mice.\n";
constexpr const char* hostile_names[] = {"<img src=x onerror=alert(1)>.png", "</script><script>alert(2)</script>.png",
                                         "=HYPERLINK(\"http:example\").png",
                                         "\xE2\x80\xAE"
                                         "gnp.egap {a|x} <!-- .png"};

double number_at(const std::vector<FactorSlot>& slots, const Point& point, std::string_view name, double otherwise) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots[i].factor->name != name) continue;
    if (const auto* real = std::get_if<double>(&point.values[i])) return *real;
    if (const auto* whole = std::get_if<std::int64_t>(&point.values[i])) return static_cast<double>(*whole);
  }
  return otherwise;
}

std::string choice_at(const std::vector<FactorSlot>& slots, const Point& point, std::string_view name) {
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const auto* text = std::get_if<std::string>(&point.values[i]);
    if (slots[i].factor->name == name && text) return *text;
  }
  return "off";
}

/// The made-up truth: how badly a page of this difficulty reads with this setting.
double error_rate(const std::vector<FactorSlot>& slots, const Point& point, double difficulty) {
  double rate = 0.05 + 0.3 * difficulty;
  if (choice_at(slots, point, "denoise") == "nlm") {
    const double h = number_at(slots, point, "denoise_h", 8);
    rate -= 0.09 * difficulty * (1 - (h - 8) * (h - 8) / 120);
  }
  const std::string binarise = choice_at(slots, point, "binarise");
  if (binarise != "off") rate += binarise == "otsu" ? 0.06 : 0.18 - 0.002 * number_at(slots, point, "bin_c", 10);
  if (choice_at(slots, point, "lines") != "off") rate += 0.05;
  if (choice_at(slots, point, "background") == "divide") rate += difficulty > 0.8 ? -0.1 : 0.05;
  const double scale = number_at(slots, point, "scale", 1);
  return rate + 0.05 * (scale - 1.2) * (scale - 1.2) + 0.02 * (choice_at(slots, point, "smooth") != "off");
}

std::string misread(double rate, std::uint32_t seed, bool hostile) {
  std::mt19937 random(seed);
  std::string text;
  for (const char c : std::string_view(truth_text)) {
    const double draw = static_cast<double>(random() % 10000) / 10000;
    if (draw < rate / 2 && c != '\n') continue;
    text += draw < rate && c != '\n' ? static_cast<char>('a' + random() % 26) : c;
  }
  return hostile ? text + "<b onclick=alert(3)>&amp;</b> <!-- \"'` </script>" : text;
}

class Maker {
 public:
  Maker(ScreeningRecord record, bool hostile)
      : record_(std::move(record)), hostile_(hostile), slots_(factor_slots(record_.screening.pipeline)) {}

  FinalRow row(std::uint32_t page, const Point& point) {
    std::mt19937_64 random(page * 1000003ULL + static_cast<std::uint64_t>(point.index.value + 7));
    const auto uniform = [&] { return static_cast<double>(random() >> 11) / 9007199254740992.0; };
    const double difficulty = (page * 37 % 24) / 24.0;
    const double cer = std::max(0.001, error_rate(slots_, point, difficulty) + 0.02 * (uniform() - 0.5));
    FinalRow row = test::sample_done(page, point.index.value);
    row.result.scores.cer = cer;
    row.result.scores.wer = std::min(1.0, 1.8 * cer);
    row.result.scores.word_recall = std::max(0.0, 1 - 1.5 * cer);
    row.result.scores.confidence = std::max(0.0, 92 - 70 * cer + 6 * (uniform() - 0.5));
    row.result.scores.characters = static_cast<std::uint32_t>(190 * (1 - cer / 2));
    row.result.cost.elapsed_ms = 600 + 900 * uniform();
    row.result.cost.recognise_ms = 400;
    const int level = static_cast<int>(cer * 40);
    if (const auto found = readings_.emplace(std::pair{page, level}, ContentHash{}); found.second) {
      const std::string bytes =
          encode(test::sample_reading(misread(cer, page * 100 + static_cast<std::uint32_t>(level), hostile_)));
      found.first->second = hash_bytes(bytes);
      row.reading = compress(bytes);
    }
    row.result.reading = readings_.at({page, level});
    const std::uint64_t order = made_++;
    const std::uint64_t worker = random() % 5;
    row.worker = hostile_ && worker == 0 ? "<svg onload=alert(4)>/1" : "lab-" + std::to_string(worker) + "/5f0c";
    row.time_ms =
        1'700'000'000'000 + static_cast<std::int64_t>(order * 230) + static_cast<std::int64_t>(random() % 2000);
    if (point.index != baseline_point && random() % 211 == 0) {
      FinalRow end =
          test::sample_end(page, point.index.value, random() % 3 ? EvaluationStatus::failed : EvaluationStatus::missing,
                           {FailureKind::components, "open.binarise(adaptive,block=31,c=4)",
                            hostile_ ? "<i>310000</i> components" : "310000 components", ""});
      end.worker = row.worker;
      end.time_ms = row.time_ms;
      return end;
    }
    return row;
  }

 private:
  ScreeningRecord record_;
  bool hostile_;
  std::vector<FactorSlot> slots_;
  std::map<std::pair<std::uint32_t, int>, ContentHash> readings_;
  std::uint64_t made_ = 0;
};

int make(const std::filesystem::path& dir, std::uint32_t pages, std::uint32_t points, bool hostile) {
  Screening screening = test::sample_screening(0, points);
  screening.title = hostile ? "<script>alert(0)</script> & co" : "Sample of " + std::to_string(pages) + " pages";
  for (std::uint32_t page = 0; page < pages; ++page) {
    char name[32];
    std::snprintf(name, sizeof name, "letters/page_%03u.png", page);
    screening.pages.push_back(
        test::sample_page(hostile && page < std::size(hostile_names) ? hostile_names[page] : name, truth_text));
  }
  const ScreeningRecord record = new_record(screening, {"5.3.0", "1.82.0", "4.6.0"}, 1'700'000'000'000);
  const OutputFolder folder = OutputFolder::acquire(dir);
  const auto journal = SqliteJournal::create_or_resume(folder, record);
  Maker maker(record, hostile);
  std::vector<Point> all = design_points(screening.pipeline, screening.design, 0, points);
  all.insert(all.begin(), Point{baseline_point, {}});
  for (auto& values = all.front().values; values.size() < factor_slots(screening.pipeline).size();) {
    values.emplace_back();
  }
  std::vector<JournalRow> rows;
  for (const Point& point : all) {
    for (std::uint32_t page = 0; page < pages; ++page) rows.emplace_back(maker.row(page, point));
    if (rows.size() < 2000 && &point != &all.back()) continue;
    if (auto appended = journal->append(rows); !appended) {
      std::fprintf(stderr, "sample_journal: %s\n", appended.error().text.c_str());
      return 1;
    }
    rows.clear();
  }
  const auto results = read_results(*journal);
  if (!results) {
    std::fprintf(stderr, "%s\n", results.error().text.c_str());
    return 1;
  }
  const auto analysis = analysis_of(*results, nullptr);
  if (!analysis) {
    std::fprintf(stderr, "%s\n", analysis.error().text.c_str());
    return 1;
  }
  const auto written = write_all(folder.paths(), *results, *analysis);
  if (!written) std::fprintf(stderr, "sample_journal: %s\n", written.error().text.c_str());
  return written ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "sample_journal DIR PAGES POINTS [hostile]\n");
    return 2;
  }
  try {
    return make(argv[1], static_cast<std::uint32_t>(std::atoi(argv[2])), static_cast<std::uint32_t>(std::atoi(argv[3])),
                argc > 4);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sample_journal: %s\n", error.what());
    return 1;
  }
}
