# shellcheck shell=bash
# Rings of an architecture that this machine does not have: all is compiled here for it, the tests that need
# no kernel run on QEMU's processor, the scenarios in QEMU's machine. Sourced by a ring, in the tree.
# shellcheck disable=SC2317 # cases are called by their names

. tests/lib/cases.sh
. tests/lib/guest.sh
. tests/vm/lib/common.sh
. tests/vm/lib/mirror.sh
. tests/vm/lib/chroot.sh
. tests/vm/lib/cross.sh

# Machines that the scenarios are dealt to, and the seconds that each may take.
SCENARIO_PARTS=4
SCENARIO_LIMIT=900

# No warning but that of headers which a newer pahole made.
cross_build() {
	local log=$RESULTS/$1.log module
	module=$(tests/vm/build-module "$1" W=1 2>"$log")
	! grep -E 'warning:|error:|WARNING' "$log" | grep -v 'pahole version differs' || return 1
	readelf -h "$module" | grep 'Machine:'
	readelf -p .modinfo "$module" | grep vermagic
}

# cross_programs ARCHITECTURE : what is packaged, all warnings being errors.
cross_programs() {
	local room
	for room in daemon tools exporter; do
		cross_make "$1" -C "$room" "BUILD=$BUILD/programs-$1"
	done
	readelf -h "$BUILD/programs-$1/daemon/netatopd" | grep -E 'Data:|Machine:'
}

# cross_tests ARCHITECTURE : those of tests/unit. Left out is what wants a kernel of that architecture: two that
# ask it for its sockets, and the semaphores, whose structures QEMU does not translate for all.
cross_tests() {
	local target=$1 out=$BUILD/unit-$1 runtime failed=0
	cross_make "$target" -C tests/unit programs SANITIZE= "BUILD=$out"
	runtime=$(cross_runtime "$target")
	emulated() {
		(cd "tests/unit/$1" && NETATOP_TEST_PERCENT=10 ../run-suite "$RESULTS/${2##*/}.json" 900 \
			"$(user_emulator_of "$target")" -L "$runtime" "$out/unit/$2" "${@:3}")
	}
	emulated . wire_test || failed=1
	emulated lib lib/lib-tests --gtest_filter=-Endpoints.OfThisMachine:Endpoints.WaysOfTcp || failed=1
	emulated daemon daemon-plain/daemon-tests '--gtest_filter=-SemaphoresTest.*' || failed=1
	return "$failed"
}

# cross_semaphores KERNEL : the rest of them, in a machine, which has no library to load.
cross_semaphores() {
	local target=${1##*:}
	LDFLAGS=-static cross_make "$target" -C tests/unit/daemon programs "BUILD=$BUILD/unit-static-$target"
	on_one_thread tests/vm/run-mini --kernel "$1" --out "$RESULTS/semaphores" --timeout 300 -- \
		"build/unit-static-$target/unit/daemon-plain/daemon-tests" '--gtest_filter=SemaphoresTest.*' \
		--gtest_output=json:/results/semaphores.json
}

# scenarios_part N : every SCENARIO_PARTS-th pattern, with those of fragments, whose return probes each
# architecture has its own way for.
scenarios_part() {
	tr : '\n' <<<"$guest_tests_of_each_kernel:ExactUdp.*" |
		awk -v part="$1" -v parts="$SCENARIO_PARTS" 'NR % parts == part % parts' | paste -sd:
}

# cross_scenarios KERNEL PART
cross_scenarios() {
	local module
	build_guest_tests_for "${1##*:}"
	module=$(tests/vm/build-module "$1" W=1)
	on_one_thread run_guest_tests "$1" "$module" "$RESULTS/${1//:/-}-$2" --timeout "$SCENARIO_LIMIT" -- \
		"--gtest_filter=$(scenarios_part "$2")"
}

# cases_of_architecture ARCHITECTURE KERNEL... : of each kernel the short scenarios.
cases_of_architecture() {
	local target=$1 kernel part
	shift
	test_case programs cross_programs "$target"
	test_case host_tests cross_tests "$target"
	test_case semaphores cross_semaphores "$1:$target"
	for kernel; do
		kernel+=:$target
		test_case "build ${kernel%:*}" cross_build "$kernel"
		for ((part = 1; part <= SCENARIO_PARTS; part++)); do
			test_case "scenarios ${kernel%:*} $part" cross_scenarios "$kernel" "$part"
		done
	done
	cases_end
}
