#!/usr/bin/env bash
# Builds and runs the benchmarks, in a build folder of their own. Arguments go to the benchmark: PAIRS per line.
set -euo pipefail
cd "$(dirname "$0")/../.."

cmake --preset release -B build/bench -DOCRS_BENCH=ON
cmake --build build/bench --target kernels_bench -- --quiet
build/bench/bin/kernels_bench "$@"
