#!/usr/bin/env bash
# Fuzzes what reads bytes from outside, each target for SECONDS, starting from the golden frames of PROTOCOL.md.
#   tests/fuzz/run.sh SECONDS [TARGET…]
# New inputs stay in build/fuzz/corpus; a finding is written to build/fuzz/findings and ends the run with an error.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds="${1:?usage: tests/fuzz/run.sh SECONDS [TARGET…]}"
shift
build="${OCRS_FUZZ_BUILD:-build/fuzz}"
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=(codec frame_stream)

clang="$(command -v clang++-14 || command -v clang++)" || { echo "run.sh: needs clang++" >&2; exit 2; }
cmake -S . -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$clang" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DOCRS_FUZZ=ON >/dev/null
cmake --build "$build" --target "${targets[@]/#/fuzz_}"

python3 tests/fuzz/make_corpus.py "$build/seeds"
mkdir -p "$build/findings"
for target in "${targets[@]}"; do
  mkdir -p "$build/corpus/$target"
  echo "== fuzz_$target, $seconds s"
  "$build/bin/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=512 \
    -max_len=65536 -print_final_stats=1 -verbosity=1 -artifact_prefix="$build/findings/$target-" \
    "$build/corpus/$target" "$build/seeds/$target" 2>&1 |
    grep -E 'ERROR|SUMMARY|runtime error|Test unit|stat::(number_of_executed_units|peak_rss_mb)|DONE'
done
