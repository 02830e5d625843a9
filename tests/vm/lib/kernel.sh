# shellcheck shell=bash
# Stock Debian kernels, by suite: image, modules and headers in the cache,
# nothing installed. Needs common.sh and mirror.sh.
#
# A kernel has the name of its suite, with FLAVOUR@ before it when that is not the plain
# one: bookworm, rt@trixie, cloud@sid, 16k@trixie:arm64; bookworm:arm64 is one of another architecture. Its
# directory holds
#   release   the name that `uname -r` will print
#   version   the version of the Debian package
#   suite     where it came from
#   vmlinuz   the image
#   root/     lib/modules/RELEASE (decompressed, with modules.dep) and usr/src, usr/lib
#             with the headers as the packages have them
# or, of headers alone, no vmlinuz and no modules.

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

# kernel_dir NAME|oldest|newest : print the directory of the newest kernel of that name,
# fetching it when needed; EXIT_SKIPPED when the archive is out of reach.
kernel_dir() {
	newest_dir kernels "$1"
}

# headers_dir NAME : the same for somebody who only compiles.
headers_dir() {
	newest_dir headers "$1"
}

newest_dir() {
	if ! is_fresh "$1" "$2"; then
		with_lock "$1/$2" find_newest "$1" "$2"
	fi
	realpath "$CACHE/$1/newest/$2"
}

is_fresh() {
	local link=$CACHE/$1/newest/$2
	[ -e "$link/release" ] && [ -n "$(find "$link" -maxdepth 0 -mmin -"$KERNEL_FRESH")" ]
}

find_newest() {
	local kind=$1 name=$2 link=$CACHE/$1/newest/$2 flavour='' suite release version
	local best_suite='' best_release='' best_version=''
	! is_fresh "$kind" "$name" || return 0
	[[ $name != *@* ]] || flavour=${name%@*}
	for suite in $(kernel_suites "${name#*@}"); do
		with_lock "apt/$suite" refresh_suite "$suite" || continue
		read -r release version < <(newest_kernel "$suite" "$flavour") ||
			die "no kernel ${flavour:+$flavour }in $suite"
		if [ -z "$best_version" ] || dpkg --compare-versions "$version" gt "$best_version"; then
			best_suite=$suite best_release=$release best_version=$version
		fi
	done
	if [ -n "$best_version" ]; then
		cached "$kind/${best_release}_$best_version" \
			"fetch_$kind" "$best_suite" "$best_release" "$best_version" >/dev/null
		mkdir -p "${link%/*}"
		ln -sfnT "../${best_release}_$best_version" "$link"
	elif [ -e "$link/release" ]; then
		say "no archive serves the $name kernel now; using the one fetched before"
	else
		skip "no archive serves the $name kernel now, and none is cached"
	fi
}

# kernel_arch DIRECTORY : the architecture of a kernel.
kernel_arch() {
	suite_arch "$(<"$1/suite")"
}

# The release and package version that a suite's metapackage of a flavour names.
newest_kernel() {
	suite_apt "$1" apt-cache show --no-all-versions "linux-image-$(kernel_package_of "$(suite_arch "$1")" "$2")" |
		sed -n 's/^Depends: .*linux-image-\([^ ]*\) (= \([^)]*\)).*/\1 \2/p'
}

# kernel_packages SUITE VERSION NAME... : the packages of one kernel: these, and what they depend
# on, so far as it comes from the same source.
kernel_packages() {
	local suite=$1 version=$2
	local -a todo=("${@:3}") names
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

fetch_kernels() {
	fetch_packages "$@" "linux-image-$2" "linux-headers-$2"
	settle_image "$4" "$2"
	settle_headers "$4" "$2"
}

fetch_headers() {
	fetch_packages "$@" "linux-headers-$2"
	settle_headers "$4" "$2"
}

# fetch_packages SUITE RELEASE VERSION DIRECTORY NAME...
fetch_packages() {
	local suite=$1 release=$2 version=$3 dir=$4 deb
	local -a packages
	mapfile -t packages < <(kernel_packages "$suite" "$version" "${@:5}")
	say "fetching ${*:5} ($version) from $suite"
	mkdir -p "$dir/debs" "$dir/root/usr/lib"
	download_for_host "$suite" "$dir/debs" "${packages[@]}"
	ln -s usr/lib "$dir/root/lib"
	for deb in "$dir"/debs/*.deb; do
		unpack_package "$deb" "$dir/root"
	done
	rm -r "$dir/debs"
	printf '%s\n' "$release" >"$dir/release"
	printf '%s\n' "$version" >"$dir/version"
	printf '%s\n' "$suite" >"$dir/suite"
}

# download_for_host SUITE DIRECTORY NAME=VERSION... : fetch packages of a kernel; those with programs
# that compiling runs are this machine's.
download_for_host() {
	local suite=$1 dir=$2
	local -a programs others
	mapfile -t programs < <(printf '%s\n' "${@:3}" | grep '^linux-kbuild-')
	mapfile -t others < <(printf '%s\n' "${@:3}" | grep -v '^linux-kbuild-')
	if [ "$suite" != "${suite%:*}" ]; then
		with_lock "apt/${suite%:*}" refresh_suite "${suite%:*}" || return
	fi
	download_packages "$suite" "$dir" "${others[@]}"
	[ "${#programs[@]}" -eq 0 ] || download_packages "${suite%:*}" "$dir" "${programs[@]}"
}

# The image where every kernel has it, modules that any modprobe can read.
settle_image() {
	local dir=$1 release=$2 image modules=$1/root/lib/modules/$2
	for image in "$dir"/root/boot/vmlinu{z,x}-"$release" "$modules/vmlinuz"; do
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
	mkdir -p "$1/root/lib/modules/$2"
	ln -sfnT "$(realpath --relative-to="$1/root/lib/modules/$2" "$headers")" "$1/root/lib/modules/$2/build"
	rm -f "$1/root/lib/modules/$2/source"
}
