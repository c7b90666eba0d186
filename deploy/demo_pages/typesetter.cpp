#include "deploy/demo_pages/typesetter.hpp"

#include <pango/pangocairo.h>

#include <array>
#include <map>
#include <stdexcept>

namespace ocrs::demo {

namespace {

struct Families {
  std::vector<const char*> names;
  const char* package;
};

const Families& families(Look look) {
  static const std::map<Look, Families> table{
      {Look::serif, {{"Liberation Serif", "DejaVu Serif"}, "fonts-liberation"}},
      {Look::old_print, {{"Old Standard TT", "Liberation Serif"}, "fonts-oldstandard or fonts-liberation"}},
      {Look::sans, {{"Liberation Sans", "DejaVu Sans"}, "fonts-liberation"}},
      {Look::narrow, {{"Liberation Sans Narrow", "DejaVu Sans Condensed", "Liberation Sans"}, "fonts-liberation"}},
      {Look::typewriter, {{"GNUTypewriter", "Liberation Mono"}, "fonts-gnutypewriter or fonts-liberation"}},
      {Look::receipt, {{"DejaVu Sans Mono", "Liberation Mono"}, "fonts-dejavu-core"}},
  };
  return table.at(look);
}

std::set<std::string> installed_families() {
  PangoFontFamily** list = nullptr;
  int count = 0;
  pango_font_map_list_families(pango_cairo_font_map_get_default(), &list, &count);
  std::set<std::string> names;
  for (int i = 0; i < count; ++i) names.insert(pango_font_family_get_name(list[i]));
  g_free(list);
  return names;
}

const char* family_of(Look look) {
  static const std::set<std::string> installed = installed_families();
  for (const char* name : families(look).names) {
    if (installed.contains(name)) return name;
  }
  throw std::runtime_error(std::string("no font for the demo pages: install the package ") + families(look).package);
}

}  // namespace

struct Typesetter::Cairo {
  Cairo(int width, int height)
      : surface(cairo_image_surface_create(CAIRO_FORMAT_A8, width, height)),
        context(cairo_create(surface)),
        layout(pango_cairo_create_layout(context)) {
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    PangoContext* pango = pango_layout_get_context(layout);
    pango_cairo_context_set_font_options(pango, options);
    pango_cairo_context_set_resolution(pango, 72);
    pango_context_set_round_glyph_positions(pango, FALSE);
    cairo_font_options_destroy(options);
  }
  ~Cairo() {
    g_object_unref(layout);
    cairo_destroy(context);
    cairo_surface_destroy(surface);
  }
  Cairo(const Cairo&) = delete;
  Cairo& operator=(const Cairo&) = delete;

  void lay_out(std::string_view text, const Face& face) {
    const char* family = family_of(face.look);
    fonts.insert(family);
    PangoFontDescription* description = pango_font_description_new();
    pango_font_description_set_family(description, family);
    pango_font_description_set_absolute_size(description, face.size * PANGO_SCALE);
    if (face.bold) pango_font_description_set_weight(description, PANGO_WEIGHT_BOLD);
    if (face.italic) pango_font_description_set_style(description, PANGO_STYLE_ITALIC);
    pango_layout_set_font_description(layout, description);
    pango_font_description_free(description);
    pango_layout_set_text(layout, text.data(), static_cast<int>(text.size()));
  }
  void show(double x, double baseline, double strength) {
    cairo_set_source_rgba(context, 0, 0, 0, strength);
    cairo_move_to(context, x, baseline);
    pango_cairo_show_layout_line(context, pango_layout_get_line_readonly(layout, 0));
  }

  cairo_surface_t* surface;
  cairo_t* context;
  PangoLayout* layout;
  std::set<std::string> fonts;
};

Typesetter::Typesetter(int width, int height) : cairo_(std::make_unique<Cairo>(width, height)) {}
Typesetter::~Typesetter() = default;

int Typesetter::width() const { return cairo_image_surface_get_width(cairo_->surface); }
int Typesetter::height() const { return cairo_image_surface_get_height(cairo_->surface); }

double Typesetter::width_of(std::string_view text, const Face& face) {
  cairo_->lay_out(text, face);
  PangoRectangle logical;
  pango_layout_get_extents(cairo_->layout, nullptr, &logical);
  return static_cast<double>(logical.width) / PANGO_SCALE;
}

std::vector<std::string> Typesetter::wrapped(std::string_view text, const Face& face, double measure, double indent) {
  std::vector<std::string> lines;
  std::string line;
  for (const std::string& word : split(text, ' ')) {
    const std::string longer = line.empty() ? word : line + " " + word;
    const double room = lines.empty() ? measure - indent : measure;
    if (!line.empty() && width_of(longer, face) > room) {
      lines.push_back(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

void Typesetter::draw(double x, double baseline, std::string_view text, const Face& face, double strength) {
  cairo_->lay_out(text, face);
  cairo_->show(x, baseline, strength);
}

void Typesetter::draw_right(double right, double baseline, std::string_view text, const Face& face) {
  draw(right - width_of(text, face), baseline, text, face);
}

void Typesetter::draw_centred(double centre, double baseline, std::string_view text, const Face& face) {
  draw(centre - width_of(text, face) / 2, baseline, text, face);
}

void Typesetter::draw_justified(double x, double baseline, std::string_view text, const Face& face, double measure) {
  const std::vector<std::string> words = split(text, ' ');
  double ink = 0;
  for (const std::string& word : words) ink += width_of(word, face);
  const double gap = words.size() < 2 ? 0 : (measure - ink) / static_cast<double>(words.size() - 1);
  for (const std::string& word : words) {
    draw(x, baseline, word, face);
    x += width_of(word, face) + gap;
  }
}

void Typesetter::strike(double x, double baseline, std::string_view character, const Face& face, double slant,
                        double strength) {
  cairo_->lay_out(character, face);
  cairo_save(cairo_->context);
  cairo_translate(cairo_->context, x, baseline);
  // A shear instead of a rotation: for a degree or two the same, and free of sine and cosine.
  const cairo_matrix_t turn{1, slant, -slant, 1, 0, 0};
  cairo_transform(cairo_->context, &turn);
  cairo_->show(0, 0, strength);
  cairo_restore(cairo_->context);
}

void Typesetter::rule(double x0, double y0, double x1, double y1, double thickness, double strength) {
  cairo_set_source_rgba(cairo_->context, 0, 0, 0, strength);
  cairo_set_line_width(cairo_->context, thickness);
  cairo_move_to(cairo_->context, x0, y0);
  cairo_line_to(cairo_->context, x1, y1);
  cairo_stroke(cairo_->context);
}

void Typesetter::box(double x, double y, double width, double height, double thickness) {
  cairo_set_source_rgba(cairo_->context, 0, 0, 0, 1);
  cairo_set_line_width(cairo_->context, thickness);
  cairo_rectangle(cairo_->context, x, y, width, height);
  cairo_stroke(cairo_->context);
}

void Typesetter::set_truth(std::string_view line) {
  truth_ += line;
  truth_ += '\n';
}

Sheet Typesetter::finish() {
  cairo_surface_flush(cairo_->surface);
  const cv::Mat view(height(), width(), CV_8UC1, cairo_image_surface_get_data(cairo_->surface),
                     static_cast<std::size_t>(cairo_image_surface_get_stride(cairo_->surface)));
  Sheet sheet;
  view.copyTo(sheet.ink);
  sheet.text = truth_;
  sheet.fonts = cairo_->fonts;
  return sheet;
}

std::vector<std::string> characters(std::string_view text) {
  std::vector<std::string> result;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    if (continues && !result.empty()) {
      result.back() += c;
    } else {
      result.emplace_back(1, c);
    }
  }
  return result;
}

}  // namespace ocrs::demo
