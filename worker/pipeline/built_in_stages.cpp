// The registry's table: one line per stage.
#include "worker/pipeline/stage.hpp"
#include "worker/pipeline/stages/background.hpp"
#include "worker/pipeline/stages/binarise.hpp"
#include "worker/pipeline/stages/clahe.hpp"
#include "worker/pipeline/stages/contrast.hpp"
#include "worker/pipeline/stages/denoise.hpp"
#include "worker/pipeline/stages/flatten.hpp"
#include "worker/pipeline/stages/inpaint_lines.hpp"
#include "worker/pipeline/stages/lines.hpp"
#include "worker/pipeline/stages/normalise.hpp"
#include "worker/pipeline/stages/remove_lines.hpp"
#include "worker/pipeline/stages/scale.hpp"
#include "worker/pipeline/stages/smooth.hpp"

namespace ocrs {

const StageRegistry& StageRegistry::built_in() {
  static const StageRegistry registry = [] {
    StageRegistry stages;
    stages.add("standard.remove_lines", remove_lines_stage());
    stages.add("standard.normalise", normalise_stage());
    stages.add("standard.denoise", standard_denoise_stage());
    stages.add("standard.binarise", standard_binarise_stage());
    stages.add("high_fidelity.inpaint_lines", inpaint_lines_stage());
    stages.add("high_fidelity.denoise", high_fidelity_denoise_stage());
    stages.add("high_fidelity.flatten", flatten_stage());
    stages.add("high_fidelity.clahe", clahe_stage());
    stages.add("open.scale", scale_stage());
    stages.add("open.smooth", smooth_stage());
    stages.add("open.lines", lines_stage());
    stages.add("open.background", background_stage());
    stages.add("open.denoise", open_denoise_stage());
    stages.add("open.contrast", contrast_stage());
    stages.add("open.binarise", open_binarise_stage());
    return stages;
  }();
  return registry;
}

}  // namespace ocrs
