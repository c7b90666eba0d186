// `run --plan`: what a screening will cost, from a few points measured on its own pages with one evaluator.
// Starts no worker and writes nothing.
#pragma once

#include "common/core/screening_spec.hpp"
#include "coordinator/core/screening.hpp"
#include "coordinator/io/evaluator_client.hpp"

namespace ocrs {

/// Prints hours, disk, network and stage shares to stdout; returns the exit code.
[[nodiscard]] int plan_screening(const Screening& screening, const ScreeningSpec& spec, EvaluatorClient& evaluator);

}  // namespace ocrs
