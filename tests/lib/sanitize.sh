# shellcheck shell=bash
# Rings that run scenarios and stress in kernels built to find errors. Needs guest.sh and cases.sh.

# sanitizer_kernel VARIANT SUITE : the kernel, and the module for it as debug build and without.
sanitizer_kernel() {
	kernel=$(tests/vm/build-kernel "$@")
	module=$(tests/vm/build-module "$kernel" NETATOP_DEBUG=1)
	plain_module=$(tests/vm/build-module "$kernel")
}

# in_kernel WHAT SECONDS COMMAND... : run COMMAND in the kernel, its results in $RESULTS/WHAT.
in_kernel() {
	tests/vm/run-mini --kernel "$kernel" --module "$module" --no-load --timeout "$2" \
		--append kmemleak=on --env SUITE_LIMIT=1500 --out "$RESULTS/$1" -- "${@:3}"
}

scenarios() {
	in_kernel "$1" 3600 tests/vm/mini/find-leaks \
		tests/vm/mini/run-gtest build/guest/netatop-guest-tests --gtest_filter="$2"
}

stress() {
	in_kernel "$1" 1800 tests/vm/mini/find-leaks build/stress/netatop-stress --seconds 120 "$1"
}

# What the module allocates, not what its tests of itself do.
each_fault() {
	module=$plain_module
	in_kernel each-fault 3600 tests/vm/mini/find-leaks build/stress/netatop-stress each-fault
}

races() {
	in_kernel "$1" 1800 build/stress/netatop-stress --seconds 120 "$1"
}
