#!/bin/bash
# lint.sh [CHECK...]: the static checks, all or those named; one line for each. A check
# that fails has said why before that line.
# shellcheck disable=SC2317 # checks are called by their names
set -euo pipefail

here=$(dirname "$(realpath "$0")")
. "$here/vm/lib/common.sh"
. "$here/vm/lib/mirror.sh"
. "$here/vm/lib/kernel.sh"
. "$here/lib/cases.sh"

# The kernel that the module is checked against: the oldest that sparse and W=1 suit.
LINT_SUITE=bookworm

LLVM=14

# Longest file, in lines.
LINES_MAX=600

# What checkpatch.pl cannot know here: it takes "#include <net/sock.h>" for the name of the
# file, does not see that kernel-doc describes a lock, and takes compat/ for code that is on
# its way into the kernel; there, a macro may stand for an argument that some kernels lack, and it
# does not know _Generic.
CHECKPATCH_IGNORE=EMBEDDED_FILENAME,FILE_PATH_CHANGES,UNCOMMENTED_DEFINITION
CHECKPATCH_IGNORE_COMPAT=$CHECKPATCH_IGNORE,LINUX_VERSION_CODE,CONSTANT_COMPARISON,COMPLEX_MACRO
CHECKPATCH_IGNORE_COMPAT+=,CAMELCASE,MACRO_ARG_REUSE,SPACING

# sources PATTERN... : files of the tree, those not yet committed too.
sources() {
	git ls-files -co --exclude-standard -- "$@" | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

# silent COMMAND... : fails when COMMAND does, and when it prints anything.
silent() {
	local said
	said=$("$@" 2>&1) || {
		printf '%s\n' "$said"
		return 1
	}
	[ -z "$said" ] || {
		printf '%s\n' "$said"
		return 1
	}
}

# nothing MESSAGE COMMAND... : fails when COMMAND, a search, finds something.
nothing() {
	local found
	found=$("${@:2}") || return 0
	printf '%s:\n%s\n' "$1" "$found"
	return 1
}

# The kernel's own scripts for its style; newer ones ask for other things.
kernel_scripts() {
	local package version
	with_lock "apt/$LINT_SUITE" refresh_suite "$LINT_SUITE" ||
		skip "the archive does not serve $LINT_SUITE now"
	package=$(suite_apt "$LINT_SUITE" apt-cache depends linux-source |
		sed -n 's/^ *Depends: \(linux-source-.*\)/\1/p')
	version=$(suite_apt "$LINT_SUITE" apt-cache policy "$package" | sed -n 's/^ *Candidate: //p')
	[ -n "$version" ] || skip "$LINT_SUITE has no linux-source"
	cached "lint/scripts-${package}_$version" fetch_scripts "$package" "$version"
}

# of_llvm PROGRAM : skip unless it is of the version that the tree is formatted and checked with.
of_llvm() {
	"$1" --version | grep -q "version $LLVM\." ||
		skip "$1 is not of LLVM $LLVM: run this check on Debian 12"
}

fetch_scripts() {
	local package=$1 version=$2 dir=$3
	mkdir -p "$dir.deb"
	say "fetching $package $version for its scripts"
	download_packages "$LINT_SUITE" "$dir.deb" "$package=$version"
	dpkg --fsys-tarfile "$dir.deb"/*.deb | tar -x -C "$dir.deb" --wildcards './usr/src/*.tar.xz'
	mkdir -p "$dir"
	tar -xf "$dir.deb"/usr/src/*.tar.xz -C "$dir" --strip-components=2 --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' '*/scripts/kernel-doc' '*/scripts/coccinelle/*'
	rm -r "$dir.deb"
}

check_checkpatch() {
	local scripts
	scripts=$(kernel_scripts)
	local -a checkpatch=(perl "$scripts/checkpatch.pl" --no-tree --quiet --file --strict
		--show-types --max-line-length=100)
	sources 'module/*.c' 'module/*.h' ':!module/compat/*' |
		at_scratch "${checkpatch[@]}" --ignore "$CHECKPATCH_IGNORE"
	sources 'module/compat/*' | at_scratch "${checkpatch[@]}" --ignore "$CHECKPATCH_IGNORE_COMPAT"
}

# checkpatch.pl leaves a file of its own in the git tree that it is called in.
at_scratch() {
	sed "s|^|$TREE/|" | (cd "$SCRATCH" && xargs "$@")
}

check_kernel_doc() {
	local scripts
	scripts=$(kernel_scripts)
	sources 'module/*.c' 'module/*.h' | silent xargs perl "$scripts/kernel-doc" -none
}

# of_module LOG MAKE_ARGUMENT... : build a copy of the module, in a directory named like the log.
of_module() {
	local log=$BUILD/lint/$1.log copy=$BUILD/lint/$1 kernel headers
	kernel=$(kernel_dir "$LINT_SUITE")
	headers=$kernel/root/usr/src/linux-headers-$(<"$kernel/release")
	rm -rf "$copy"
	mkdir -p "$copy"
	cp -r module/. "$copy"
	cp dkms.conf "$BUILD/lint"
	make -s -j2 -C "$headers" "M=$copy" CC=gcc-12 NETATOP_DEBUG=1 C=2 "${@:2}" modules >"$log" 2>&1 || {
		cat "$log"
		return 1
	}
	touch "$SCRATCH/$1.built"
}

# The build's own warnings of the first level, the compiler's analyzer, and sparse. A flow plus a
# direction is a flow.
check_sparse() {
	of_module sparse CF=-Wno-enum-mismatch W=1 KCFLAGS=-fanalyzer || return 1
	nothing 'the compiler or sparse warns' grep -E 'warning:|error:' "$BUILD/lint/sparse.log"
}

# In the module's own files: the kernel's headers are not ours to mend.
check_clang_analyzer() {
	of_llvm clang
	of_module analyzer "CHECK=$PWD/tests/lint/analyze" || return 1
	nothing 'clang analyzer warns' grep -A100 "^$BUILD/lint/analyzer/.*warning:" "$BUILD/lint/analyzer.log"
}

# The kernel's own semantic patches for what is freed, locked, NULL or iterated over, and ours.
# badzero is in OCaml, whose compiler few have.
check_coccinelle() {
	local scripts
	scripts=$(kernel_scripts)/coccinelle
	planted_is_found tests/lint/planted/*.c || return 1
	nothing 'a semantic patch matches' coccinelle_reports \
		"$scripts"/{free,iterators,locks,null}/*.cocci tests/lint/*.cocci
}

# A patch that matches nothing may be out of order: ours find what is planted for them.
planted_is_found() {
	local file name
	for file; do
		name=${file##*/}
		grep -n '/\* found \*/' "$file" | sed "s|:.*||" >"$SCRATCH/planted"
		matches "tests/lint/${name%.c}.cocci" "$file" | sed -n 's|^[^:]*:\([0-9]*\):.*|\1|p' |
			sort -nu | diff "$SCRATCH/planted" - || {
			echo "${name%.c}.cocci does not find the lines that are planted in $file"
			return 1
		}
	done
}

coccinelle_reports() {
	local patch
	local -a files
	for patch; do
		[ "${patch##*/}" != badzero.cocci ] || continue
		mapfile -t files < <(sources 'module/*.c')
		matches "$patch" "${files[@]}"
	done | sed '/^$/d' | tee "$SCRATCH/cocci"
	[ -s "$SCRATCH/cocci" ]
}

# matches PATCH FILE... : what it reports.
matches() {
	spatch -D report --no-show-diff --very-quiet --no-includes --cocci-file "$@" 2>&1 ||
		echo "$1: spatch failed"
}

# Our programs, and the arithmetic of the module; of the rest it takes the kernel's macros for errors.
check_cppcheck() {
	sources 'lib/*.cpp' 'daemon/*.cpp' 'tools/*.cpp' 'exporter/*.cpp' 'tests/vm/stress/*.cpp' | silent xargs cppcheck --quiet \
		--enable=warning,portability,performance --std=c++17 -Imodule -Ilib --error-exitcode=1
	silent cppcheck --quiet --enable=warning,portability --std=c11 -Imodule module/wire.c --error-exitcode=1
}

# The module's files in the order of module/Kbuild: none includes or calls one that comes after it.
# What sparse looked at is compiled already.
check_floors() {
	[ -e "$SCRATCH/sparse.built" ] || of_module sparse || return 1
	tests/lint/floors module "$BUILD/lint/sparse"
}

check_kernel_versions() {
	nothing 'kernel versions belong in module/compat' \
		git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' -- module ':!module/compat'
}

check_file_length() {
	nothing "longer than $LINES_MAX lines" long_files
}

long_files() {
	sources '*.c' '*.h' '*.cpp' '*.sh' '*.py' 'tests/*' 'debian/*' ':!debian/changelog' | sort -u |
		xargs wc -l | awk -v max="$LINES_MAX" '
			$2 != "total" && $1 > max { print; found = 1 }
			END { exit !found }'
}

check_left_open() {
	nothing 'left open' git grep -nIwE 'TODO|FIXME|XXX' -- ':!tests/lint.sh' ':!debian/changelog'
}

check_spelling() {
	sources | xargs codespell --quiet-level 3 --ignore-words-list=nd,inout,iif
}

check_shellcheck() {
	scripts | xargs shellcheck --external-sources --source-path=SCRIPTDIR
}

# Shell scripts by their first line, and parts of them by what shellcheck reads.
scripts() {
	sources | xargs awk '
		FNR == 1 && /^#!.*\/(ba|da)?sh( |$)/ || FNR <= 2 && /^# shellcheck shell=/ { print FILENAME }
		{ if (FNR > 2) nextfile }'
}

check_clang_format() {
	of_llvm clang-format
	sources '*.cpp' 'lib/*.h' 'daemon/*.h' 'tools/*.h' 'exporter/*.h' 'tests/*.h' | xargs clang-format --dry-run -Werror
}

# On standard error clang-tidy says how many warnings it left out, whatever they are worth.
check_clang_tidy() {
	of_llvm clang-tidy
	printf '%s\n' -std=c++17 "-I$TREE/lib" "-I$TREE/tools" "-I$TREE/module" '-DNETATOP_VERSION="0"' >"$BUILD/lint/compile_flags.txt"
	sources 'lib/*.cpp' 'daemon/*.cpp' 'tools/*.cpp' 'exporter/*.cpp' | xargs -P "$(nproc)" -n 2 \
		clang-tidy --quiet --warnings-as-errors='*' -p "$BUILD/lint" 2>"$SCRATCH/tidy" || {
		cat "$SCRATCH/tidy"
		return 1
	}
}

check_man_pages() {
	local page
	for page in $(sources 'man/*'); do
		silent man_warnings "$page"
	done
}

man_warnings() {
	LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 \
		man --warnings -E UTF-8 -l -Tutf8 -Z "$1" >/dev/null
}

all_checks() {
	sed -n 's/^check_\([a-z_]*\)() {$/\1/p' "$0"
}

cd "$TREE"
make_scratch
export RESULTS=${RESULTS:-$BUILD/results/lint}
mkdir -p "$RESULTS" "$BUILD/lint"
: >"$RESULTS/cases.tsv"
mapfile -t checks < <(if [ $# -gt 0 ]; then printf '%s\n' "$@"; else all_checks; fi)
for check in "${checks[@]}"; do
	test_case "$check" "check_$check"
done
cases_end
