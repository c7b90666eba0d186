// The evaluator child: reads commands from its socket, carries them out one after another, reports as it goes
// (common/core/evaluator_messages.hpp). Parses hostile images and decides nothing about retries: whoever started it
// watches it, ends it when a node takes too long, and blames the last Started when it dies. One thread.
#pragma once

namespace ocrs {

/// The evaluator program on a connected blocking stream socket; says Ready first, or a fatal Problem when the process
/// is not fit (evaluator_process.hpp). Returns the exit code: 0 after Quit or when the peer has closed the socket,
/// 1 after a broken frame or a lost socket, 2 when it cannot start.
[[nodiscard]] int run_evaluator(int socket);

}  // namespace ocrs
