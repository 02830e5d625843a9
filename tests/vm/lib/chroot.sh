# shellcheck shell=bash
# A small Debian root to compile in, for headers that need newer tools than the host has.
# Needs common.sh and mirror.sh.

COMPILER_SUITE=trixie
COMPILER_GCC=gcc-14
COMPILER_PACKAGES=("$COMPILER_GCC" kmod libelf1t64 libssl3t64 make pahole sparse zlib1g zstd)

# compiler_root [ARCHITECTURE] : print the directory of the root, with the compilers of another architecture
# too, making it when needed.
compiler_root() {
	local key item
	local -a packages=("${COMPILER_PACKAGES[@]}")
	[ "${1:-$ARCH}" = "$ARCH" ] || packages+=("g++-${COMPILER_GCC#gcc-}-$(cpu_of "$1")-linux-gnu")
	key=$(printf '%s\n' "$COMPILER_SUITE" "${packages[@]}" | sha256sum | cut -c1-16)
	item=chroot/$COMPILER_SUITE-$key
	[ -e "$CACHE/$item" ] || {
		[ "$(id -u)" -eq 0 ] || skip "a $COMPILER_SUITE root to compile in can only be made by root"
		refresh_suite "$COMPILER_SUITE" || skip "the archive does not serve $COMPILER_SUITE now"
		say "making a $COMPILER_SUITE root to compile in (about a minute)"
	}
	cached "$item" make_compiler_root "${packages[@]}"
}

# make_compiler_root PACKAGE... DIRECTORY
make_compiler_root() {
	need mmdebstrap
	local -a options
	mapfile -t options < <(mmdebstrap_options)
	suite_source "$COMPILER_SUITE" |
		mmdebstrap --quiet --mode=root --variant=apt "${options[@]}" \
			--aptopt='APT::Install-Recommends "false"' \
			--include="$(IFS=,; echo "${*:1:$#-1}")" \
			"$COMPILER_SUITE" "${!#}" - >&2
}

# in_chroot ROOT DIRECTORY... -- COMMAND... : run COMMAND in ROOT, where the DIRECTORies are found
# under the names that they have on the host. Mounts end with the command.
in_chroot() {
	local root=$1
	local -a directories=()
	shift
	while [ "$1" != -- ]; do
		directories+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2016
	unshare --mount bash -euc '
		root=$1
		shift
		mount --make-rprivate /
		mount -t proc proc "$root/proc" # objtool asks it for its stack limit
		while [ "$1" != -- ]; do
			mkdir -p "$root$1"
			mount --bind "$1" "$root$1"
			shift
		done
		shift
		exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin LC_ALL=C.UTF-8 "$@"
	' bash "$root" "${directories[@]}" -- "$@"
}
