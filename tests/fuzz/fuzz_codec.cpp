// Any bytes to every decoder: none may crash, hang or allocate beyond reason, and what one accepts is a message that
// survives being sent on.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/core/codec.hpp"

namespace {

template <class Decode>
void expect_stable(std::string_view frame, Decode decode) {
  const auto decoded = decode(frame);
  if (!decoded.ok()) return;
  const std::string encoded = ocrs::encode(*decoded);
  const auto again = decode(encoded);
  if (!again.ok() || !(*again == *decoded) || ocrs::encode(*again) != encoded) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  expect_stable(frame, ocrs::decode_worker_message);
  expect_stable(frame, ocrs::decode_coordinator_message);
  expect_stable(frame, ocrs::decode_blob_question);
  expect_stable(frame, ocrs::decode_blob_answer);
  expect_stable(frame, ocrs::decode_evaluator_command);
  expect_stable(frame, ocrs::decode_evaluator_report);
  expect_stable(frame, ocrs::decode_reading);
  return 0;
}
