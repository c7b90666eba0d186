// Damage: what time and the scanner did to one page, as amounts; 0 is none. Values only: wear and scanner apply them,
// scenes choose them, pages.json tells them.
#pragma once

#include <array>

namespace ocrs::demo {

/// What lies around the sheet on the scanner.
enum class Bed { none, white, felt, black, facing_page };

struct Damage {
  // ink
  double fade = 0;    // share of the ink lost everywhere
  double patchy = 0;  // share of the ink lost in patches
  double grain = 0;   // share of a stroke's area that took no ink
  double spread = 0;  // deviation in pixels by which ink ran into the paper
  double smear = 0;   // length in pixels of rubbed streaks
  // paper
  double tone = 0.06;  // darkness of the paper, 0 = white … 1 = black
  double fibre = 0;    // grey levels of its grain
  double mottle = 0;   // grey levels of its cloudiness
  double stains = 0;   // number
  double folds = 0;    // number
  double holes = 0;    // number of punch holes
  double stamp = 0;    // ink of a stamp over the text, 0 … 1
  double bleed = 0;    // share of the other side's ink that shows through
  // light
  double shade = 0;  // share of the light lost in the darkest corner
  // place on the bed
  double skew = 0;  // degrees
  double warp = 0;  // pixels
  // camera
  double blur = 0;       // deviation in pixels
  double reduction = 0;  // factor of a scan at lower resolution, enlarged again; below 2 or so
  double contrast = 0;   // share of the contrast lost
  double noise = 0;      // deviation in grey levels
  double salt = 0;       // share of pixels struck black or white
  double scratches = 0;  // number of lines along the feed
  double jpeg = 0;       // quality, 0 = saved without loss
  Bed bed = Bed::none;
};

struct DamageName {
  const char* name;
  double Damage::*amount;
};

inline constexpr std::array damage_names{
    DamageName{"fade", &Damage::fade},
    DamageName{"patchy", &Damage::patchy},
    DamageName{"grain", &Damage::grain},
    DamageName{"spread_px", &Damage::spread},
    DamageName{"smear_px", &Damage::smear},
    DamageName{"paper_tone", &Damage::tone},
    DamageName{"fibre", &Damage::fibre},
    DamageName{"mottle", &Damage::mottle},
    DamageName{"stains", &Damage::stains},
    DamageName{"folds", &Damage::folds},
    DamageName{"holes", &Damage::holes},
    DamageName{"stamp", &Damage::stamp},
    DamageName{"bleed_through", &Damage::bleed},
    DamageName{"shade", &Damage::shade},
    DamageName{"skew_degrees", &Damage::skew},
    DamageName{"warp_px", &Damage::warp},
    DamageName{"blur_px", &Damage::blur},
    DamageName{"reduction", &Damage::reduction},
    DamageName{"contrast_lost", &Damage::contrast},
    DamageName{"noise", &Damage::noise},
    DamageName{"salt", &Damage::salt},
    DamageName{"scratches", &Damage::scratches},
    DamageName{"jpeg_quality", &Damage::jpeg},
};

inline constexpr std::array bed_names{"none", "white", "felt", "black", "facing_page"};

}  // namespace ocrs::demo
