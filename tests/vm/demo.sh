#!/bin/bash
# The demonstration: builds the packages, installs them in a Debian root, boots it in a
# virtual machine, and prints what a stock atop shows there of real traffic.
set -euo pipefail

cd "$(dirname "$0")/../.."
. tests/lib/progress.sh

step() {
	printf '[%3d s] %s\n' "$SECONDS" "$*"
}

step "building the Debian packages"
debian/build.sh
step "installing them in a Debian root, which takes about five minutes the first time (log: build/demo.log)"
with_progress build/demo.log tests/vm/run-root --prepare --installed || {
	tail -n 30 build/demo.log >&2
	exit 1
}
step "booting it (software emulation, two processors, no network)"
tests/vm/run-root --installed --timeout 300 --out build/vm/demo -- tests/vm/root/demo
step "done; the machine's kernel log and journal are in build/vm/demo"
