#!/bin/bash
# check.sh [RING...]: run the rings of tests in tests/rings, all or those named, one line
# for each, and end with what passed and failed. docs/testing.md says how to add one.
#
# A ring is an executable. It gets a fresh directory $RESULTS, where it leaves its cases as
# gtest's JSON (*.json) or as cases.tsv (tests/lib/cases.sh); one that leaves none is
# a case itself. It exits with 0, with 1 when cases failed, with 77 when it could not be tried;
# anything else is a failure of the ring as a whole.
# A line `# limit: S` in it is its time limit in seconds. One with a line `# again: yes` that fails is
# run once more, and what passes then is named; but not after status 126, a kernel's complaint. Rings run one after the other, in two rows
# at the same time: those with a line `# beside: yes`, and the others.
set -euo pipefail

. "$(dirname "$0")/lib/progress.sh"

tree=$(realpath "$(dirname "$0")/..")
export BUILD=${BUILD:-$tree/build}
results=$BUILD/results
lib=$tree/tests/lib
running=$results/.running
ring_dir=${RINGS:-$tree/tests/rings}

# run_ring NAME : run one ring; its cases are in $results/NAME/all.json then, and the first try, if
# there was a second, in $results/.first/NAME.
run_ring() {
	local ring=$1 started=$SECONDS first=$results/.first/$1
	rm -rf "$first"
	try_ring "$ring"
	if fails_by_chance "$ring"; then
		mkdir -p "$results/.first"
		mv "$RESULTS" "$first"
		try_ring "$ring"
		jq -f "$lib/second-try.jq" --slurpfile first "$first/all.json" "$RESULTS/all.json" \
			>"$RESULTS/merged"
		mv "$RESULTS/merged" "$RESULTS/all.json"
	fi
	with_output report_ring "$ring" $((SECONDS - started))
}

# fails_by_chance NAME : may what failed in a ring be that of a machine that was slow?
fails_by_chance() {
	grep -q '^# again: yes' "$ring_dir/$1" && [ "$(count failed "$RESULTS/all.json")" -gt 0 ] &&
		[ "$tried" -ne 126 ]
}

# try_ring NAME : run one ring in a fresh $RESULTS, and collect its cases; $tried is its status.
try_ring() {
	local ring=$1 limit started=$SECONDS
	tried=0
	export RESULTS=$results/$ring
	rm -rf "$RESULTS"
	mkdir -p "$RESULTS"
	limit=$(sed -n 's/^# limit: //p' "$ring_dir/$ring")
	echo "$started" >"$running/$ring"
	timeout --kill-after=20 "${limit:-300}" "$ring_dir/$ring" \
		</dev/null >"$RESULTS/log" 2>&1 || tried=$?
	rm "$running/$ring"
	collect_cases "$ring" "$tried" $((SECONDS - started)) >"$RESULTS/all.json"
}

run_rings() {
	local ring
	for ring; do
		run_ring "$ring"
	done
}

# What runs now, for how long, and where it says more.
rings_under_way() {
	local file started text=''
	for file in "$running"/*; do
		read -r started 2>/dev/null <"$file" || continue
		text+="${text:+, }${file##*/} for $((SECONDS - started)) s"
	done
	printf '[%d min] running: %s; logs: %s' $((SECONDS / 60)) "${text:-nothing}" "$results/*/log"
}

# with_output COMMAND... : what it prints is not mixed with another one's.
with_output() (
	flock 9
	clear_progress
	"$@"
) 9>"$results/output.lock"

# rings_beside yes|no RING... : those of them that run beside the others, or the others.
rings_beside() {
	local ring
	for ring in "${@:2}"; do
		if grep -q '^# beside: yes' "$ring_dir/$ring"; then
			[ "$1" = no ] || printf '%s\n' "$ring"
		else
			[ "$1" = yes ] || printf '%s\n' "$ring"
		fi
	done
}

# All cases of a ring as one JSON list of {ring, suite, name, verdict, seconds, message}.
collect_cases() {
	local ring=$1 status=$2 seconds=$3 file
	{
		for file in "$RESULTS"/*.json; do
			if [ ! -e "$file" ] || [ "$file" = "$RESULTS/all.json" ]; then
				continue
			fi
			jq --argjson again "$([[ $file == *.again.json ]] && echo true || echo false)" \
				-f "$lib/gtest.jq" "$file" || jq -n --arg file "${file##*/}" -f "$lib/unreadable.jq"
		done
		[ ! -s "$RESULTS/cases.tsv" ] || jq -R -f "$lib/tsv.jq" "$RESULTS/cases.tsv"
	} | jq -s --arg ring "$ring" --argjson status "$status" --argjson seconds "$seconds" \
		--arg said "$(end_of_log)" -f "$lib/ring.jq"
}

# What a ring that failed as a whole said of it.
end_of_log() {
	grep -E '\*\*\* \[|error:|ERROR' "$RESULTS/log" | head -n 3 || true
	tail -n 5 "$RESULTS/log"
}

count() {
	jq -rs "[.[][] | select(.verdict == \"$1\")] | length" "${@:2}"
}

# tally FILE... : the sentence that counts verdicts.
tally() {
	local skipped
	skipped=$(count skipped "$@")
	printf '%d passed, %d failed' "$(count passed "$@")" "$(count failed "$@")"
	[ "$skipped" -eq 0 ] || printf ', %d skipped' "$skipped"
	printf '\n'
}

report_ring() {
	local ring=$1 seconds=$2 all=$RESULTS/all.json
	printf '%-24s %s (%d s)\n' "$ring" "$(tally "$all")" "$seconds"
	jq -r '.[] | select(.verdict == "skipped") |
		"  skipped: \(.suite).\(.name): \(.message | split("\n") | last // "")"' "$all"
	jq -r '.[] | select(.verdict == "passed" and .again) |
		"  only at the second try: \(.suite).\(.name)"' "$all"
	[ "$(count failed "$all")" -eq 0 ] || {
		jq -r '.[] | select(.verdict == "failed") | "  failed: \(.suite).\(.name)"' "$all"
		echo "  the end of $RESULTS/log:"
		tail -n 30 "$RESULTS/log" | sed 's/^/  | /'
	}
}

# failures FILE... : what failed, or did at first, each in a few lines, for who sees only the end
# of the output.
failures() {
	jq -rs '[.[][] | select(.again or .verdict == "failed")]
		| sort_by(.verdict == "failed")[-20:][]
		| (if .verdict == "failed" then "failed" else "only at the second try" end)
			+ ": \(.ring): \(.suite).\(.name)",
		  ((.message // "") | split("\n") | map(select(test("\\S")))[:6][] | "  " + .[:200])' "$@"
}

# slowest FILE... : the cases that took longest.
slowest() {
	echo 'the slowest:'
	jq -rs '[.[][]] | sort_by(-.seconds)[:10][]
		| "  \(.seconds | round) s  \(.ring): \(.suite).\(.name)"' "$@"
}

rings=("$@")
if [ $# -eq 0 ]; then
	mapfile -t rings < <(cd "$ring_dir" && printf '%s\n' [0-9]*)
	rm -rf "$results"
fi
for ring in "${rings[@]}"; do
	[ -x "$ring_dir/$ring" ] || {
		echo "check.sh: no ring $ring in $ring_dir" >&2
		exit 2
	}
done

cd "$tree"
rm -rf "$running"
mkdir -p "$running"
[ $# -gt 0 ] || echo "running ${#rings[@]} rings of tests, about an hour on two processors; each one's log is in $results/RING/log"
show_progress rings_under_way &
shown=$!
trap 'stop_progress "$shown"' EXIT
mapfile -t beside < <(rings_beside yes "${rings[@]}")
mapfile -t others < <(rings_beside no "${rings[@]}")
run_rings "${beside[@]}" &
beside_runs=$!
run_rings "${others[@]}"
wait "$beside_runs"
stop_progress "$shown"
trap - EXIT
all=("${rings[@]/#/$results/}")
all=("${all[@]/%//all.json}")
jq -s add "${all[@]}" >"$results/summary.json"
jq -rf "$lib/junit.jq" "$results/summary.json" >"$results/junit.xml"
[ $# -gt 0 ] || slowest "${all[@]}"
failures "${all[@]}"
printf '%d minutes; results in %s\n' $(((SECONDS + 59) / 60)) "$results"
tally "${all[@]}" | tee "$results/tally"
[ "$(count failed "${all[@]}")" -eq 0 ]
