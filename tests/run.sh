#!/usr/bin/env bash
# Installs what is needed, builds, and runs the test suite.
#   tests/run.sh           what every change must pass
#   tests/run.sh --long    and what is too slow for every run
#   tests/run.sh --quick   release build and tests only: no sanitizers, no fuzzing
set -euo pipefail
cd "$(dirname "$0")/.."

long=0 quick=0
for argument in "$@"; do
  case "$argument" in
    --long) long=1 ;;
    --quick) quick=1 ;;
    *) echo "run.sh: unknown argument '$argument' (expected --long or --quick)" >&2; exit 2 ;;
  esac
done
export OCRS_LONG=$long
skipped=()

step() { printf '\n== %s (%d s so far)\n' "$1" "$SECONDS"; }

step "packages"
deploy/install-packages.sh --tests $([ "$long" = 0 ] || echo --long)

step "release build"
cmake --preset release
cmake --build --preset release -- --quiet

step "unit, scenario and io tests"
ctest --preset release -j "$(nproc)" -LE e2e

step "end-to-end tests"
ctest --preset release -L e2e

if [ "$quick" = 1 ]; then
  skipped+=("sanitizers and fuzzing: --quick")
else
  step "address and undefined-behaviour sanitizers"
  cmake --preset asan
  cmake --build --preset asan --target ocrs_sanitized -- --quiet
  ctest --preset asan -j "$(nproc)"

  step "thread sanitizer"
  cmake --preset tsan
  cmake --build --preset tsan --target scenario_screening -- --quiet
  ctest --preset tsan -j "$(nproc)"

  step "fuzzing"
  tests/fuzz/run.sh "$([ "$long" = 1 ] && echo 300 || echo 20)"
fi

[ -d ../shared/pages ] || [ -n "${OCRS_PAGES:-}" ] || skipped+=("tests on scanned pages: set OCRS_PAGES to a folder of pages with ground truth")
[ "$long" = 1 ] || skipped+=("slow tests: tests/run.sh --long")
printf '\n'
for reason in "${skipped[@]}"; do echo "skipped: $reason"; done
echo "all tests passed in $SECONDS s"
