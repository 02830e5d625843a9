# shellcheck shell=bash
# What the scripts of the benchmark share. Needs common.sh.

# PATH/WORKLOAD, see workload/main.cpp.
# shellcheck disable=SC2034
{
	BENCH_WORKLOADS=(
		{lo4,lo6,veth4,veth6}/{udp,udp-connected,udp-server,udp-query,udp-64-threads,udp-8-writers,icmp,tcp-connect,tcp-bulk}
		{lo4,lo6,veth4,veth6}/{tcp-1,tcp-1000,tcp-10000,tcp-50000}
		lo4/tcp-5000
		routed4/udp-connected
	)
	BENCH_SHORT=(
		lo4/{udp,tcp-1} lo6/udp
		veth4/{udp-connected,tcp-1} veth6/tcp-1 routed4/udp-connected
	)
}

# bench_variant NAME KERNEL : what the guest is to load for a variant, which sees the source tree as
# its directory. The file of another module is variant "other".
bench_variant() {
	local name=$1 module parameters=''
	case $1 in
	*.ko)
		install -D -t "$BUILD/bench/other" "$1"
		name=other module=$BUILD/bench/other/${1##*/}
		;;
	none) module='' ;;
	floor) module=$(bench_floor "$2") ;;
	lookup) module=$(bench_floor "$2") parameters=' lookup=1' ;;
	ours) module=$("$TREE/tests/vm/build-module" "$2") ;;
	*) die "unknown variant $1" ;;
	esac
	printf '%s=%s%s\n' "$name" "${module#"$TREE/"}" "$parameters"
}

# by_function KALLSYMS : of lines that begin with an address of code, each with what function of the
# kernel or of a module that is in: "NAME[MODULE] START ADDRESS…". Of several names, the first.
by_function() {
	{
		awk '$2 ~ /[tTwW]/ { print $1, "function", $3 $4 }' "$1"
		awk '{ address = $1; $1 = ""; print address, "in" $0 }'
	} | LC_ALL=C sort -k1,1 -k2,2 | awk '
		$2 == "function" { if ($1 != start) { start = $1; name = $3 } next }
		{ $2 = $1; $1 = name " " start; print }'
}

bench_floor() {
	"$TREE/tests/vm/build-module" --source "$TREE/tests/bench/floor" "$1"
}

# bench_marks : what tells a plugin between which instructions of the workloads it counts.
bench_marks() {
	nm "$BUILD/bench/netatop-bench" | awk '
		$3 == "netatop_bench_begin" { begin = $1 }
		$3 == "netatop_bench_end" { end = $1 }
		END { printf "begin=0x%s,end=0x%s", begin, end }'
}
