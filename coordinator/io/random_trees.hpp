// Random trees (Breiman's forest as OpenCV ml has it) behind the Surrogate port. The only user of opencv_ml, in a
// library of its own: what does not need it links no OpenCV. Seeded by OpenCV's constant: equal data give equal trees.
#pragma once

#include <memory>

#include "coordinator/core/surrogate.hpp"

namespace ocrs {

[[nodiscard]] std::unique_ptr<Surrogate> make_random_trees();

}  // namespace ocrs
