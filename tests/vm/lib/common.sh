# shellcheck shell=bash
# Words that every script of the machines uses. Source it after `set -euo pipefail`.
shopt -s inherit_errexit

# Exit status of a script that could not be tried at all (an archive out of
# reach, no right to make a chroot): neither passed nor failed.
# shellcheck disable=SC2034
EXIT_SKIPPED=77

TREE=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../..")
CACHE=${NETATOP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/netatop}
# shellcheck disable=SC2034
ARCH=$(dpkg --print-architecture)
BUILD=${BUILD:-$TREE/build}

. "$TREE/tests/vm/lib/arch.sh"

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "${0##*/}: $*"
	exit 1
}

skip() {
	say "${0##*/}: skipped: $*"
	exit "$EXIT_SKIPPED"
}

# need COMMAND... : stop, naming the next step, when one is not installed.
need() {
	local command
	for command; do
		command -v "$command" >/dev/null ||
			die "$command is not installed: run tests/setup.sh check"
	done
}

# The value of a setting in dkms.conf, which holds name and version.
dkms_setting() {
	sed -n "s/^$1=\"\\(.*\\)\"\$/\\1/p" "$TREE/dkms.conf"
}

# with_lock NAME COMMAND... : one user of a cached item at a time.
with_lock() (
	mkdir -p "$CACHE/lock"
	exec 8>"$CACHE/lock/${1//\//_}"
	flock 8
	shift
	"$@"
)

# cached ITEM COMMAND... : print the path of an item of the cache. When it is
# not there, COMMAND makes it at the path that it gets as its last argument
# (in a directory that exists), which then becomes the item by one rename.
# Never call it as a condition: bash would then run COMMAND past its errors.
cached() {
	local item=$CACHE/$1
	[ -e "$item" ] || with_lock "$1" fill_cache "$item" "${@:2}" >&2
	printf '%s\n' "$item"
}

fill_cache() {
	local item=$1 part
	part=$(dirname "$item")/.part.$(basename "$item")
	[ ! -e "$item" ] || return 0
	mkdir -p "$(dirname "$item")"
	rm -rf "$part"
	"${@:2}" "$part"
	mv -T "$part" "$item"
}

# A directory that lives as long as the script: call once, from its top level.
make_scratch() {
	SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/netatop.XXXXXX")
	trap 'rm -rf "$SCRATCH"' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
}
