#!/usr/bin/env bash
# From a fresh clone to a finished screening: packages, release build, demo pages with ground truth, 32 points on a
# local worker. Everything it makes is in build/release and demo/. Run again, it resumes or shows what is there.
#   deploy/demo.sh [FOLDER]     FOLDER defaults to demo
set -euo pipefail
cd "$(dirname "$0")/.."
demo=${1:-demo}

deploy/install-packages.sh
echo "build: release preset"
cmake --preset release -DOCRS_TESTS=OFF >/dev/null
cmake --build --preset release --target ocrscreen ocrscreen-worker ocrscreen-demo-pages -- --quiet

bin=build/release/bin
mkdir -p "$demo"
if [ ! -e "$demo/pages" ]; then
  echo "pages: making 6 demo pages with ground truth in $demo/pages"
  "$bin/ocrscreen-demo-pages" --out "$demo/pages.part" --count 6 --seed 1
  mv "$demo/pages.part" "$demo/pages"
fi
cp configs/demo.yaml "$demo/screening.yaml"

exec "$bin/ocrscreen" run "$demo/screening.yaml" --out "$demo/out"
