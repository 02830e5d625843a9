# shellcheck shell=bash
# What the scripts of the benchmark share. Needs common.sh.

# PATH/WORKLOAD, see workload/main.cpp. Ten thousand connections and more take long to make, so
# they are only on lo.
# shellcheck disable=SC2034
{
	BENCH_WORKLOADS=(
		{lo4,lo6,veth4,veth6}/{udp,udp-connected,udp-64-threads,udp-8-writers,icmp,tcp-connect,tcp-bulk,tcp-1,tcp-1000}
		routed4/udp-connected
		lo4/{tcp-5000,tcp-10000,tcp-50000}
	)
	BENCH_SHORT=(
		{lo4,veth4}/{udp-connected,tcp-1} {lo6,veth6}/udp
		lo4/{udp-8-writers,tcp-connect,tcp-1000}
	)
}

# bench_variant NAME KERNEL : what the guest is to load for a variant, which sees the source tree as
# its directory.
bench_variant() {
	local module parameters=''
	case $1 in
	floor) module=$(bench_floor "$2") ;;
	lookup) module=$(bench_floor "$2") parameters=' lookup=1' ;;
	ours) module=$("$TREE/tests/vm/build-module" "$2") ;;
	*) die "unknown variant $1" ;;
	esac
	printf '%s=%s%s\n' "$1" "${module#"$TREE/"}" "$parameters"
}

bench_floor() {
	"$TREE/tests/vm/build-module" --source "$TREE/tests/bench/floor" "$1"
}
