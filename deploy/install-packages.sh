#!/usr/bin/env bash
# Installs the Debian 12 packages ocrscreen is built from and runs with. The one list of them.
#   deploy/install-packages.sh           build and run
#   deploy/install-packages.sh --tests   the test suite's too
#   deploy/install-packages.sh --tests --long   and those of its --long part
# Installs only what is missing, so a machine that has everything needs neither root nor a network.
set -euo pipefail

packages=(
  # build
  build-essential cmake ninja-build pkg-config ca-certificates
  # messages, encoding, hashes
  libzmq3-dev cppzmq-dev libmsgpack-cxx-dev libsodium-dev
  # images, OCR, hardware
  libopencv-dev libtesseract-dev libleptonica-dev tesseract-ocr tesseract-ocr-eng tesseract-ocr-fra libhwloc-dev libhwy-dev
  # Sobol numbers, journal, config, command line, logs, JSON, text
  libboost-dev libsqlitecpp-dev libsqlite3-dev libzstd-dev libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev
  nlohmann-json3-dev libutf8proc-dev
  # live page, metrics
  libcpp-httplib-dev prometheus-cpp-dev
  # manual pages
  help2man
  # demo pages
  libpango1.0-dev libcairo2-dev fonts-dejavu-core fonts-liberation fonts-gnutypewriter fonts-oldstandard
)
test_packages=(
  libgtest-dev
  # sanitizers and fuzzing
  clang libclang-rt-14-dev
  # the suite's own tools; the report is opened in a real browser
  git python3 python3-opencv chromium python3-optuna systemd
  # a fleet over ssh
  openssh-server openssh-client
)
long_packages=(
  # a bare Debian root, a batch system
  debootstrap slurm-wlm munge
)

# The report's page is bundled with Node.js 18 or newer; one that did not come from a package will do.
if ! { command -v npm && { command -v node || command -v nodejs; }; } >/dev/null; then packages+=(nodejs npm); fi

want=("${packages[@]}")
for argument in "$@"; do
  case "$argument" in
    --tests) want+=("${test_packages[@]}") ;;
    --long) want+=("${long_packages[@]}") ;;
    *) echo "install-packages.sh: unknown argument '$argument' (expected --tests or --long)" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${want[@]}"; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "packages: all ${#want[@]} installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "install-packages.sh: needs root or sudo to install: ${missing[*]}" >&2; exit 2; }
  as_root=(sudo)
fi
echo "packages: installing ${#missing[@]} of ${#want[@]}: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { "${as_root[@]}" apt-get update -q &&
       "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "install-packages.sh: apt-get failed (above its last lines)" >&2
  exit 2
fi
echo "packages: done"
