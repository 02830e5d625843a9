# shellcheck shell=bash
# Rings that run the programs for the mini machine in it.

# Scenarios of what differs between kernels: tracepoints, look-ups, ends of processes, who
# receives, offloads, system calls.
# shellcheck disable=SC2034
guest_tests_of_each_kernel='Transfer.*:SystemCall.*:Sharing.*:Threads.*:Receiver.*:Lifetime.*'
guest_tests_of_each_kernel+=':Malformed.*:Record.*:EmptyExit.*:Command.*:Caller32.*:ProcFile.*:Offload.*:Choice.*'
guest_tests_of_each_kernel+=':Sender.*:Handover.*:Walk.*:Netlink*:Cgroup*:Loopback*:Run.*:Container.*:Parameter.*:Vrf.*:Lookup.Veth*'
guest_tests_of_each_kernel+=':Link.*:LinkMedium.*:LinkRing.*:Reroute*.*:Wireguard.*'
guest_tests_of_each_kernel+=':Ipsec.Transport/*:Ipvlan.*:RouteEncap.*:Handed*/IPv6'

# Those in which the kernel changes running code, or a processor goes.
# shellcheck disable=SC2034
guest_tests_of_one_thread='Switch.*:Processor.*:Suspend.*'

# Those that take long, and that `make matrix` runs as well.
# shellcheck disable=SC2034
guest_tests_of_matrix='IpsecTunnel.*/IPv6:IpsecOffload.*/IPv6'

# on_one_thread COMMAND... : run COMMAND, whose machines have one thread of the emulator, for what
# docs/testing.md says.
on_one_thread() {
	MACHINE_ACCEL=tcg,thread=single "$@"
}

# build_guest_tests : make build/guest/netatop-guest-tests. Rings may do so at the same time.
build_guest_tests() {
	build_guest_tests_for "$(dpkg --print-architecture)"
}

# build_guest_tests_for ARCHITECTURE
build_guest_tests_for() {
	flock "$BUILD" tests/vm/build-guest "$1"
}

# guest_tests_for KERNEL : print where they are made for a kernel, a name or a directory.
guest_tests_for() {
	local suite=$1
	[ ! -e "$1/suite" ] || suite=$(<"$1/suite")
	case $suite in
	*:*) echo "build/guest-${suite##*:}" ;;
	*) echo build/guest ;;
	esac
}

# run_guest_tests KERNEL MODULE OUT [RUN_MINI_OPTION... -- GTEST_OPTION...] : boot KERNEL with
# MODULE and run the tests; their JSON is in OUT then.
run_guest_tests() {
	local kernel=$1 module=$2 out=$3 program
	local -a options=()
	program=$(guest_tests_for "$kernel")
	shift 3
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	tests/vm/run-mini --kernel "$kernel" --module "$module" --out "$out" "${options[@]}" -- \
		tests/vm/mini/run-gtest "$program/netatop-guest-tests" "${@:2}"
}

# build_stress : make build/stress/netatop-stress.
build_stress() {
	flock "$BUILD" make -s -C tests/vm/stress -j "$(nproc)" BUILD="$BUILD"
}
