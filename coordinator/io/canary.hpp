// The canary: the smallest page of the screening, untouched, as the coordinator's own evaluator reads it. The scheduler
// asks every worker of another host for it before it gives work. Also keeps in the journal which workers read it a
// little differently, for the manifest. Decides nothing about admission (coordinator/core/scheduler_workers.cpp).
#pragma once

#include <optional>
#include <vector>

#include "common/core/evaluation.hpp"
#include "common/core/screening_spec.hpp"
#include "coordinator/core/scheduler_view.hpp"
#include "coordinator/core/screening.hpp"
#include "coordinator/io/evaluator_client.hpp"
#include "coordinator/io/journal.hpp"

namespace ocrs {

/// Blocks for one evaluation; one that fails gives way to the next larger page. Throws StartupError when none of the
/// three smallest can be read: then no other machine can be compared.
[[nodiscard]] EvaluationResult read_canary(const Screening& screening, const ScreeningSpec& spec,
                                           EvaluatorClient& evaluator);

/// The manifest's "numeric_classes": evaluations per worker whose canary was close, not equal. Adds to what an earlier
/// run in the same folder noted.
[[nodiscard]] Result<void> note_numeric_classes(Journal& journal, const std::vector<WorkerView>& workers);

}  // namespace ocrs
