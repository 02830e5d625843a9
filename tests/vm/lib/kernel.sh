# shellcheck shell=bash
# Stock Debian kernels, by suite: image, modules and headers in the cache,
# nothing installed. Needs common.sh and mirror.sh.
#
# A kernel's directory holds
#   release   the name that `uname -r` will print
#   version   the version of the Debian package
#   suite     where it came from
#   vmlinuz   the image
#   root/     lib/modules/RELEASE (decompressed, with modules.dep) and usr/src, usr/lib
#             with the headers as the packages have them

# How long a suite's newest kernel is taken to be the newest, in minutes.
KERNEL_FRESH=1440

# kernel_dir SUITE : print the directory of the newest kernel of a suite, fetching
# it when needed; EXIT_SKIPPED when the archive is out of reach.
kernel_dir() {
	local link=$CACHE/kernels/newest/$1
	if [ -z "$(find "$link" -maxdepth 0 -mmin -"$KERNEL_FRESH" 2>/dev/null)" ] || [ ! -e "$link/" ]; then
		with_lock "kernels/$1" find_newest_kernel "$1" "$link"
	fi
	realpath "$link"
}

find_newest_kernel() {
	local suite=$1 link=$2 release version
	[ -z "$(find "$link" -maxdepth 0 -mmin -"$KERNEL_FRESH" 2>/dev/null)" ] || [ ! -e "$link/" ] || return 0
	if ! refresh_suite "$suite"; then
		[ -e "$link/" ] || skip "the archive does not serve $suite now, and no kernel of it is cached"
		say "$suite cannot be reached; using the kernel fetched before"
		return 0
	fi
	read -r release version < <(newest_kernel "$suite")
	[ -n "$version" ] || die "no kernel for $ARCH in $suite"
	mkdir -p "$(dirname "$link")"
	cached "kernels/${release}_$version" fetch_kernel "$suite" "$release" "$version" >/dev/null
	ln -sfnT "../${release}_$version" "$link"
}

# The release and package version that a suite's metapackage names.
newest_kernel() {
	suite_apt "$1" apt-cache show --no-all-versions "linux-image-$ARCH" |
		sed -n 's/^Depends: .*linux-image-\([^ ]*\) (= \([^)]*\)).*/\1 \2/p'
}

# The packages of one kernel: what image and headers depend on, so far as it comes
# from the same source.
kernel_packages() {
	local suite=$1 release=$2 version=$3
	local -a todo=("linux-image-$release" "linux-headers-$release") names
	local -A seen=()
	while [ "${#todo[@]}" -gt 0 ]; do
		names=()
		for name in "${todo[@]}"; do
			[ -z "${seen[$name]:-}" ] || continue
			seen[$name]=1
			names+=("$name")
		done
		[ "${#names[@]}" -gt 0 ] || break
		mapfile -t todo < <(suite_apt "$suite" apt-cache show --no-all-versions "${names[@]}" |
			grep '^Depends:' |
			grep -oE 'linux-(binary|modules|headers|kbuild|base)-[0-9][^ ,]*' | sort -u)
	done
	printf "%s=$version\n" "${!seen[@]}"
}

fetch_kernel() {
	local suite=$1 release=$2 version=$3 dir=$4 deb
	local -a packages
	mapfile -t packages < <(kernel_packages "$suite" "$release" "$version")
	say "fetching kernel $release ($version) from $suite"
	mkdir -p "$dir/debs" "$dir/root"
	download_packages "$suite" "$dir/debs" "${packages[@]}"
	mkdir -p "$dir/root/usr/lib"
	ln -s usr/lib "$dir/root/lib"
	for deb in "$dir"/debs/*.deb; do
		unpack_package "$deb" "$dir/root"
	done
	rm -r "$dir/debs"
	settle_image "$dir" "$release"
	settle_headers "$dir" "$release"
	printf '%s\n' "$release" >"$dir/release"
	printf '%s\n' "$version" >"$dir/version"
	printf '%s\n' "$suite" >"$dir/suite"
}

# The image where every kernel has it, modules that any modprobe can read.
settle_image() {
	local dir=$1 release=$2 image modules=$1/root/lib/modules/$2
	for image in "$dir/root/boot/vmlinuz-$release" "$modules/vmlinuz"; do
		[ ! -e "$image" ] || cp "$image" "$dir/vmlinuz"
	done
	[ -e "$dir/vmlinuz" ] || die "the packages of $release hold no vmlinuz"
	find "$modules" -name '*.ko.xz' -print0 | xargs -0r xz -d
	find "$modules" -name '*.ko.zst' -print0 | xargs -0r zstd -dq --rm
	depmod -b "$dir/root" "$release"
	rm -rf "$dir/root/boot" "$dir/root/usr/share"
}

# The headers name each other by the paths of an installed system; let them find each
# other beside themselves.
settle_headers() {
	local headers=$1/root/usr/src/linux-headers-$2
	# shellcheck disable=SC2016
	sed -i -e '1i usr_src := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)' \
		-e 's|/usr/src/|$(usr_src)/|' "$headers/Makefile"
	ln -sfnT "$(realpath --relative-to="$1/root/lib/modules/$2" "$headers")" "$1/root/lib/modules/$2/build"
	rm -f "$1/root/lib/modules/$2/source"
}
