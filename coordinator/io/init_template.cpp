#include "coordinator/io/init_template.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "common/core/result.hpp"
#include "common/io/fd.hpp"

namespace ocrs {
namespace {

constexpr std::string_view text = R"yaml(# A screening: which preprocessing lets Tesseract read these pages best?
#   ocrscreen run screening.yaml --out results --plan     how long would it take? starts nothing
#   ocrscreen run screening.yaml --out results            run it; the same command again resumes
# Lines that are commented out show the default of their key.

screening: My pages            # a title for the report

# The page images, relative to this file: PNG, JPEG, TIFF (also with many pages), JPEG 2000, WebP, BMP, PNM, PDF.
# * and ? within a name, ** for any number of folders. A text file NAME.gt.txt beside NAME.png is its ground truth:
# what a human reads there (for page 2 of a multi-page TIFF or PDF: NAME.2.gt.txt).
pages:
  - "pages/**"
  # - {glob: "letters/*.tif", languages: fra, psm: 4, dpi: 400}   # options for these pages only

# pages_sample: {count: 24, seed: 1}   # screen only so many of them, spread over size, brightness and noise
# pages_unreadable: stop               # stop: a page that cannot be read is an error; skip: go on without it

# ground_truth:
#   fold: []                   # differences that do not count, any of: case, quotes, dashes

# What is tried. open: every step may be off (the untouched page takes part in any case).
# standard: line removal, normalisation, denoising, binarisation, always all four.
# high_fidelity: inpainting of lines, denoising, flattening, CLAHE. Or a list of stages: [denoise, binarise].
pipeline: open

design:
  kind: sobol
  points: 1024                 # how many settings: a power of two; `ocrscreen extend` adds more later
  seed: 42                     # another seed gives another design
  scramble: owen               # or none: the plain Sobol points
  # racing: {first_pages: 4, keep: 0.5}   # read all settings on 4 pages, the better half on half as many pages again,
                               # and so on: the best setting for a third of the work, less to learn from the others

ocr:
  languages: eng               # as tesseract -l: eng, fra+eng
  psm: 6                       # page segmentation mode: 6 = one block of text, 3 = automatic, 4 = one column
  oem: 1                       # engine: 1 = LSTM
  # width_max: 0               # reduce wider images to so many pixels before reading; 0 = never; in standard 2000
  invert: true                 # try white on black as well; false is faster and changes the confidences a little

# Factors that are not named here keep the pipeline's ranges. A factor can be
#   a value            denoise_h: 8                   binarise: off
#   a range            denoise_h: {range: [2, 20]}    (kind: int, float or log; step: s)
#   a list of levels   smooth_size: {levels: [3, 5]}
#   shares of options  denoise: {choice: {off: 0.4, nlm: 0.6}}
# unit: px300 means pixels at 300 dpi, scaled to the resolution of each page; px means pixels as they are.
factors:
  # These are the defaults of open:
  # resize: {choice: {off: 0.5, on: 0.5}}
  # scale: {range: [0.5, 1.5], kind: log}
  # smooth: {choice: {off: 0.6, gaussian: 0.2, median: 0.2}}
  # smooth_size: {levels: [3, 5]}
  # lines: {choice: {off: 0.7, paint: 0.15, inpaint: 0.15}}      # remove ruled lines
  # line_h: {range: [30, 120], kind: int, unit: px300}           # shortest horizontal line removed
  # line_v: {range: [40, 160], kind: int, unit: px300}
  # background: {choice: {off: 0.6, divide: 0.2, flatten: 0.2}}  # even out shadows and stains
  # norm_kernel: {range: [20, 120], kind: int, unit: px300}
  # bg_dilate: {range: [3, 15], kind: int, unit: px300}
  # bg_blur: {range: [11, 51], kind: int, unit: px300}
  # denoise: {choice: {off: 0.4, nlm: 0.6}}                      # non-local means
  # denoise_h: {range: [2, 20], kind: float}
  # noise_threshold: {range: [20, 500], kind: float}             # noisier pages get the larger search window
  # contrast: {choice: {off: 0.8, clahe: 0.1, stretch: 0.1}}
  # clahe_clip: {range: [1, 4], kind: float}
  # clahe_tile: {range: [4, 16], kind: int}
  # binarise: {choice: {off: 0.6, otsu: 0.1, adaptive: 0.15, sauvola: 0.15}}
  # bin_block: {range: [15, 100], kind: int, unit: px300}
  # bin_c: {range: [2, 25], kind: float}
  # sauvola_window: {range: [7, 40], kind: int, unit: px300}
  # sauvola_k: {range: [0.1, 0.5], kind: float}

# What the ranking maximises: one score or a weighted sum, of confidence, text_yield, lexicon, words, characters,
# sharpness, contrast, cnr, and with ground truth cer, wer, word_recall (cer and wer count as 1 - min(x, 1)).
# Without this key: cer when every page has ground truth, else text_yield.
# objective: text_yield
# objective: {cer: 1, word_recall: 0.5}

# limits:
#   max_pixels: 200000000      # larger pages are refused
#   components: 200000         # a setting that leaves more specks than this on a page has failed there
#   deadline_s: 600            # one stage or recognition may take so long before its evaluator is ended

# cluster:                     # only of interest with workers on other machines
#   heartbeat_s: 5
#   suspect_s: 30              # a worker silent for so long is shown as suspect
#   lease_s: 900               # and after this its work goes to others
)yaml";

}  // namespace

std::string_view init_template() { return text; }

void write_init_template(const std::filesystem::path& path) {
  const auto fail = [&](int error) {
    const char* why = error == EEXIST ? "is there already; choose another name or remove it" : std::strerror(error);
    throw StartupError(path.string() + ": cannot be written: " + why);
  };
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) fail(errno);
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = ::write(file.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace ocrs
