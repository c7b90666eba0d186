// Small pictures of pages before and after a setting, for the report: made by evaluator children, as many at a time as
// the machine has cores, up to a few. The coordinator decodes no image itself.
#pragma once

#include "coordinator/io/report.hpp"
#include "coordinator/io/screening_record.hpp"

namespace ocrs {

/// The function keeps a reference to `record`. A page whose bytes have changed or are gone has no picture.
[[nodiscard]] PagePreviews page_previews(const ScreeningRecord& record);

}  // namespace ocrs
