#!/bin/bash
# matrix.sh: every kernel that Debian ships, times what can be done with it.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/vm/lib/common.sh"
. "$here/vm/lib/mirror.sh"
. "$here/vm/lib/kernel.sh"
. "$here/lib/guest.sh"

usage() {
	cat <<-'END'
		Usage: tests/matrix.sh [OPTION...] [KERNEL...]
		Builds the module for every kernel of tests/kernels (or those named), boots it, runs those
		scenarios in it that depend on the kernel, then all, and prints the table. A cell that was green for the same sources and
		the same kernel is not tried again.

		  --step STEP    build, boot, short or suite only; may be repeated
		  --machines N   start N virtual machines at most, then stop
		  --untried      leave red cells alone
		  --table        only print the table of what is known

		Exit status: 0, 1 when a cell is red, 3 when --machines left something to do.
	END
}

# A suite of scenarios takes minutes: it is run in this many machines, each remembered.
PARTS=4
PART_LIMIT=570

MATRIX=$BUILD/matrix

# Lines `KERNEL STEP...` of tests/kernels.
kernels() {
	sed 's/#.*//; /^[ \t]*$/d' "$here/kernels"
}

# steps KERNEL : what is to be done with it, a suite in its parts.
steps() {
	local step part
	for step in $(kernels | awk -v kernel="$1" '$1 == kernel { $1 = ""; print }'); do
		if [ "${#only[@]}" -gt 0 ] && [[ " ${only[*]} " != *" $step "* ]]; then
			continue
		fi
		if [ "$step" = suite ]; then
			for ((part = 1; part <= PARTS; part++)); do echo "suite.$part"; done
		else
			echo "$step"
		fi
	done
}

sources_key() {
	{
		git ls-files -co --exclude-standard -- module dkms.conf
		[ "$1" = build ] || git ls-files -co --exclude-standard -- lib tools tests/vm/guest tests/vm/mini
	} | xargs cat | sha256sum | cut -c1-16
}

# A cell is a file: the key of what it was made from, its verdict, its seconds.
cell_file() {
	printf '%s/cells/%s/%s\n' "$MATRIX" "$1" "$2"
}

# cell KERNEL STEP : run it unless it is known to be green.
cell() {
	local kernel=$1 step=$2 directory file key status started=$SECONDS log=$MATRIX/logs/$1/$2
	file=$(cell_file "$kernel" "$step")
	mkdir -p "${file%/*}" "$log"
	set +e
	directory=$(set -e && step_kernel "$kernel" "$step" 2>"$log/fetch")
	status=$?
	set -e
	if [ "$status" -ne 0 ]; then
		note "$file" - "$status" 0
		return
	fi
	printf '%s\t%s\n' "$(<"$directory/release")" "$(<"$directory/version")" >"${file%/*}/version"
	key=$(<"$directory/version")-${keys[${step%.*}]}
	case $(cut -f 1,2 "$file" 2>/dev/null) in
	"$key"$'\t'passed) return ;;
	"$key"$'\t'*) [ "$untried" = no ] || return 0 ;;
	esac
	if [ "$step" != build ]; then
		[ "$machines" -ne 0 ] || { left=yes && return; }
		machines=$((machines - 1))
	fi
	set +e
	(set -e && "step_${step%.*}" "$directory" "$log" "${step#*.}" >"$log/log" 2>&1)
	status=$?
	set -e
	note "$file" "$key" "$status" $((SECONDS - started))
	[ "$status" -eq 0 ] || tail -n 12 "$log/log" | sed 's/^/  | /'
}

# note FILE KEY STATUS SECONDS : fill in a cell, and say so.
note() {
	local verdict=failed
	case $3 in
	0) verdict=passed ;;
	"$EXIT_SKIPPED") verdict=skipped ;;
	esac
	printf '%s\t%s\t%d\n' "$2" "$verdict" "$4" >"$1"
	printf '%-32s %s (%d s)\n' "${1#"$MATRIX/cells/"}" "$verdict" "$4"
}

step_kernel() {
	if [ "$2" = build ] && [ ! -e "$CACHE/kernels/newest/$1" ]; then
		headers_dir "$1"
	else
		kernel_dir "$1"
	fi
}

# step_STEP DIRECTORY LOG PART: no warning but that of headers which a newer pahole made.
step_build() {
	module "$1" 2>&1 | tee "$2/build"
	! grep -E 'warning:|error:|WARNING' "$2/build" | grep -v 'warning: pahole version differs'
}

# module DIRECTORY : build it with all warnings of the kernel's own level for modules, and sparse.
module() {
	BUILD=$MATRIX "$here/vm/build-module" "$1" W=1 C=2 CF=-Wno-enum-mismatch
}

# in_kernel DIRECTORY LOG FILTER
in_kernel() {
	local module
	build_guest_tests_for "$(kernel_arch "$1")"
	module=$(module "$1")
	on_one_thread run_guest_tests "$1" "$module" "$2" --timeout "$PART_LIMIT" -- --gtest_filter="$3"
}

step_boot() {
	in_kernel "$1" "$2" 'Transfer.*:ProcFile.*'
}

step_short() {
	# shellcheck disable=SC2154 # of guest.sh
	in_kernel "$1" "$2" "$guest_tests_of_each_kernel"
}

step_suite() {
	build_guest_tests
	in_kernel "$1" "$2" "$(part_filter "$3")"
}

# The filter that picks every PARTS-th suite.
part_filter() {
	"$BUILD/guest/netatop-guest-tests" --gtest_list_tests | awk -v part="$1" -v parts="$PARTS" '
		/^[^ ]/ && ++n % parts == part % parts { printf "%s%s*", sep, $1; sep = ":" }'
}

# verdict KERNEL STEP : of a cell as the table has it, over all its parts.
verdict() {
	local kernel=$1 step=$2 file worst=''
	kernels | grep -qE "^$kernel .*\\b$step\\b" || { echo '–' && return; }
	for file in "$(cell_file "$kernel" "$step")"{,.*}; do
		[ -e "$file" ] || continue
		worst+=" $(cut -f 2 "$file")"
	done
	case $worst in
	*failed*) echo '**failed**' ;;
	*skipped*) echo skipped ;;
	'') echo 'not run' ;;
	*)
		if [ "$step" = suite ] && [ "$(wc -w <<<"$worst")" -lt "$PARTS" ]; then
			echo 'not run'
		else
			echo passed
		fi
		;;
	esac
}

table() {
	local kernel step release version
	printf '| kernel | release | package | build | boot | short | suite |\n|---|---|---|---|---|---|---|\n'
	for kernel in "${chosen[@]}"; do
		release='' version=''
		[ ! -e "$MATRIX/cells/$kernel/version" ] ||
			IFS=$'\t' read -r release version <"$MATRIX/cells/$kernel/version"
		printf '| %s | %s | %s |' "$kernel" "$release" "$version"
		for step in build boot short suite; do
			printf ' %s |' "$(verdict "$kernel" "$step")"
		done
		printf '\n'
	done
}

only=() machines=-1 untried=no table=no left=no
while [ $# -gt 0 ]; do
	case $1 in
	--step) only+=("$2") && shift 2 ;;
	--machines) machines=$2 && shift 2 ;;
	--untried) untried=yes && shift ;;
	--table) table=yes && shift ;;
	--help) usage && exit ;;
	-*) die "unknown option $1; see --help" ;;
	*) break ;;
	esac
done
mapfile -t chosen < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else kernels | cut -d ' ' -f 1; fi)

cd "$TREE"
if [ "$table" = no ]; then
	declare -A keys=([build]=$(sources_key build) [boot]=$(sources_key boot))
	keys[short]=${keys[boot]} keys[suite]=${keys[boot]}
	for kernel in "${chosen[@]}"; do
		for step in $(steps "$kernel"); do
			cell "$kernel" "$step"
		done
	done
fi
table | tee "$MATRIX/table.md"
[ "$left" = no ] || exit 3
! grep -q 'failed' "$MATRIX/table.md"
