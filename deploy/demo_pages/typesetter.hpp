// Typesetter draws text, rules and boxes on a sheet with Pango and Cairo, and keeps the ground truth of what was set.
// No hinting and no rounding of positions, so that the same fonts give the same pixels. One per sheet, one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/demo_pages/sheet.hpp"

namespace ocrs::demo {

/// The looks of a page; each has a list of families of which the first one installed is taken.
enum class Look { serif, old_print, sans, narrow, typewriter, receipt };

struct Face {
  Look look = Look::serif;
  double size = 46;  // pixels per em
  bool bold = false, italic = false;
};

class Typesetter {
 public:
  Typesetter(int width, int height);
  ~Typesetter();
  Typesetter(const Typesetter&) = delete;
  Typesetter& operator=(const Typesetter&) = delete;

  [[nodiscard]] int width() const;
  [[nodiscard]] int height() const;
  /// Advance width in pixels. Throws std::runtime_error naming the package when no family of the look is installed.
  [[nodiscard]] double width_of(std::string_view text, const Face& face);
  /// Lines of at most `measure` pixels, broken at blanks; the first is shorter by `indent`.
  [[nodiscard]] std::vector<std::string> wrapped(std::string_view text, const Face& face, double measure,
                                                 double indent = 0);

  /// Draws at the left end of a baseline; strength 0 … 1 is how much ink there is.
  void draw(double x, double baseline, std::string_view text, const Face& face, double strength = 1);
  void draw_right(double right, double baseline, std::string_view text, const Face& face);
  void draw_centred(double centre, double baseline, std::string_view text, const Face& face);
  /// Words spread to fill `measure` exactly.
  void draw_justified(double x, double baseline, std::string_view text, const Face& face, double measure);
  /// One character (a whole grapheme) turned by `slant` radians about its baseline point.
  void strike(double x, double baseline, std::string_view character, const Face& face, double slant, double strength);
  void rule(double x0, double y0, double x1, double y1, double thickness, double strength = 1);
  void box(double x, double y, double width, double height, double thickness);

  /// Appends a line to the ground truth; callers do so in reading order.
  void set_truth(std::string_view line);
  [[nodiscard]] Sheet finish();

 private:
  struct Cairo;
  std::unique_ptr<Cairo> cairo_;
  std::string truth_;
};

/// The characters of UTF-8 text (code points; the texts are NFC).
[[nodiscard]] std::vector<std::string> characters(std::string_view text);

}  // namespace ocrs::demo
