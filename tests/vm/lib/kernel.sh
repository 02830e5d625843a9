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

# Names for the ends of the range of supported kernels.
kernel_suites() {
	case $1 in
	oldest) echo bullseye ;;
	newest) printf '%s\n' trixie-backports sid experimental ;;
	*) echo "$1" ;;
	esac
}

# kernel_dir SUITE|oldest|newest : print the directory of the newest kernel of a suite,
# fetching it when needed; EXIT_SKIPPED when the archive is out of reach.
kernel_dir() {
	if ! kernel_is_fresh "$1"; then
		with_lock "kernels/$1" find_newest_kernel "$1"
	fi
	realpath "$CACHE/kernels/newest/$1"
}

kernel_is_fresh() {
	local link=$CACHE/kernels/newest/$1
	[ -e "$link/release" ] && [ -n "$(find "$link" -maxdepth 0 -mmin -"$KERNEL_FRESH")" ]
}

find_newest_kernel() {
	local name=$1 link=$CACHE/kernels/newest/$1 suite release version
	local best_suite='' best_release='' best_version=''
	! kernel_is_fresh "$name" || return 0
	for suite in $(kernel_suites "$name"); do
		with_lock "apt/$suite" refresh_suite "$suite" || continue
		read -r release version < <(newest_kernel "$suite") || die "no kernel for $ARCH in $suite"
		if [ -z "$best_version" ] || dpkg --compare-versions "$version" gt "$best_version"; then
			best_suite=$suite best_release=$release best_version=$version
		fi
	done
	if [ -n "$best_version" ]; then
		cached "kernels/${best_release}_$best_version" \
			fetch_kernel "$best_suite" "$best_release" "$best_version" >/dev/null
		mkdir -p "${link%/*}"
		ln -sfnT "../${best_release}_$best_version" "$link"
	elif [ -e "$link/release" ]; then
		say "no archive serves the $name kernel now; using the one fetched before"
	else
		skip "no archive serves the $name kernel now, and none is cached"
	fi
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
