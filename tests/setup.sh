#!/bin/bash
# setup.sh PROFILE... : install the Debian packages that a part of the work needs.
# Does nothing when all are there.
set -euo pipefail

# shellcheck disable=SC2034
{
packages_build='bc bison g++ gcc gcc-12 libelf-dev libmicrohttpd-dev libmnl-dev libncurses-dev make pkg-config zlib1g-dev'
packages_deb="$packages_build build-essential debhelper dh-dkms dkms fakeroot"
packages_machine='busybox-static cpio debian-archive-keyring e2fsprogs ethtool flex iperf3 iproute2
	jq kmod mmdebstrap nftables pahole python3 qemu-system-x86 wireguard-tools xz-utils zstd'
packages_bench="$packages_build $packages_machine bsdextrautils"
packages_cross="$packages_build $packages_machine g++-12-aarch64-linux-gnu gcc-12-aarch64-linux-gnu
	qemu-system-arm"
packages_fleet="$packages_bench curl prometheus"
packages_demo="$packages_deb $packages_machine"
packages_lint='clang clang-format clang-tidy coccinelle codespell cppcheck debian-archive-keyring g++ gcc
	gcc-12 git groff-base jq kmod libgtest-dev libmicrohttpd-dev libmnl-dev libncurses-dev make man-db shellcheck sparse xz-utils zlib1g-dev zstd'
packages_page='chromium fonts-dejavu-core prometheus python3'
packages_site='groff-base mkdocs python3'
packages_unit='clang googletest jq libclang-rt-dev libgmock-dev libgtest-dev'
packages_architectures="$packages_cross $packages_unit qemu-system-misc qemu-system-ppc qemu-user"
for cpu in powerpc64le riscv64 s390x; do
	packages_architectures+=" g++-12-$cpu-linux-gnu gcc-12-$cpu-linux-gnu"
done
packages_uefi="$packages_deb $packages_machine ovmf"
packages_check="$packages_deb $packages_machine $packages_unit $packages_lint $packages_site gpg gpg-agent lintian
	prometheus python3-jsonschema python3-prometheus-client python3-yaml"
}

usage() {
	echo "Usage: tests/setup.sh PROFILE...   (architectures, build, deb, check, bench, cross, demo, fleet, lint, page, site, uefi, unit)"
}

packages_of() {
	local profile list
	for profile; do
		list=packages_$profile
		case $profile in
		architectures | build | deb | check | bench | cross | demo | fleet | lint | page | site | uefi | unit) tr -s ' \t\n' '\n' <<<"${!list}" ;;
		*)
			echo "setup.sh: unknown profile $profile" >&2
			return 1
			;;
		esac
	done | sort -u
}

missing_of() {
	local installed
	installed=$(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' | sed -n 's/^ii *//p' | sort -u)
	comm -23 - <(printf '%s\n' "$installed")
}

[ $# -gt 0 ] || { usage >&2 && exit 2; }
wanted=$(packages_of "$@")
missing=$(missing_of <<<"$wanted" | tr '\n' ' ')
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "setup.sh: $* needs packages that are not installed. As root, run:" >&2
	echo "    apt-get install --no-install-recommends $missing" >&2
	exit 1
fi

. "$(dirname "$0")/lib/progress.sh"
log=${BUILD:-build}/setup.log
echo "setup.sh: installing $missing"
echo "setup.sh: that may take some minutes; its log is $log"
export DEBIAN_FRONTEND=noninteractive
install() {
	# shellcheck disable=SC2086
	with_progress "$log" apt-get install -yq --no-install-recommends $missing </dev/null
}
# Fresh machines have no package lists, old ones have lists of what is gone.
install || {
	apt-get update -q </dev/null
	install || {
		tail -n 20 "$log" >&2
		echo "setup.sh: apt-get could not install them" >&2
		exit 1
	}
}
