# shellcheck shell=bash
# The Debian root: a whole system with systemd, dkms and atop, as an ext4 image.
# Needs chroot.sh, common.sh and mirror.sh, and to be root.
#
# A base is a directory of the cache:
#   root.tar   the system, without our packages
#   image      the same as an ext4 file system
#   vmlinuz, initrd, release   of its first kernel, the one that boots

# shellcheck disable=SC2153 # TREE comes from common.sh
ROOT=$TREE/tests/vm/root
ROOT_SIZE=3G

# What no machine of ours reads; the rest of each package is there.
ROOT_EXCLUDED=(
	'/usr/share/doc/*' '/usr/share/man/*' '/usr/share/locale/*' '/usr/share/info/*'
	'/*lib/modules/*/kernel/sound/*' '/*lib/modules/*/kernel/drivers/gpu/*'
	'/*lib/modules/*/kernel/drivers/media/*' '/*lib/modules/*/kernel/drivers/net/wireless/*'
	'/*lib/modules/*/kernel/drivers/net/ethernet/*' '/*lib/modules/*/kernel/drivers/infiniband/*'
	'/*lib/modules/*/kernel/drivers/iio/*'
	'/*lib/modules/*/kernel/drivers/staging/*'
)

# root_base SUITE : print the directory of a suite's base, making it when needed.
root_base() {
	local key
	key=$({
		cat "$ROOT"/{customize,packages,vm-run*}
		declare -p ROOT_EXCLUDED ROOT_SIZE
		declare -f make_root_base make_root_tar root_sources unpack_root pack_image
	} | sha256sum | cut -c1-12)
	cached "root/$1-$key" make_root_base "$1"
}

make_root_base() {
	local suite=$1 dir=$2
	say "making the Debian root of $suite (some minutes, once; log: $dir/log)"
	mkdir -p "$dir"
	make_root_tar "$suite" "$dir/root.tar" >"$dir/log" 2>&1 || {
		tail -n 30 "$dir/log" >&2
		die "the Debian root could not be made: see $dir/log"
	}
	unpack_root "$dir" "$dir/tree"
	cp "$dir/tree/boot/first" "$dir/release"
	cp "$dir/tree/boot/vmlinuz-$(<"$dir/release")" "$dir/vmlinuz"
	cp "$dir/tree/boot/initrd.img-$(<"$dir/release")" "$dir/initrd"
	pack_image "$dir/tree" "$dir/image"
	rm -rf "$dir/tree"
}

# shellcheck disable=SC2016 # the hooks are for the shell of mmdebstrap
make_root_tar() {
	local suite=$1 tar=$2 path
	local -a options=()
	for path in "${ROOT_EXCLUDED[@]}"; do
		options+=("--dpkgopt=path-exclude=$path")
	done
	mmdebstrap --variant=apt "${options[@]}" \
		--dpkgopt=force-unsafe-io \
		--include="$(sed "s/#.*//; s/@ARCH@/$ARCH/g" "$ROOT/packages" | xargs | tr ' ' ,)" \
		--customize-hook="copy-in $ROOT/customize /tmp" \
		--customize-hook="copy-in $ROOT/vm-run /usr/local/sbin" \
		--customize-hook="copy-in $ROOT/vm-run.service $ROOT/vm-run.target /etc/systemd/system" \
		--customize-hook='chroot "$1" /tmp/customize' \
		"$suite" "$tar" <<<"$(root_sources "$suite")"
}

# The suite, its updates and its security fixes, from where this machine gets its own.
root_sources() {
	local suite=$1 security
	suite_source "$suite"
	case $suite in sid | unstable | experimental) return ;; esac
	suite_source "$suite-updates"
	security=$(security_uri)
	[ -z "$security" ] || suite_source "$suite-security" | sed "s|$(mirror_uri)|$security|"
}

# shellcheck disable=SC2016 # a format of apt
security_uri() {
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
		sed -n '/security/{s|/$||p;q}'
}

unpack_root() {
	mkdir "$2"
	tar -x --numeric-owner --xattrs --xattrs-include='*' -C "$2" -f "$1/root.tar"
}

# pack_image DIRECTORY FILE : an ext4 file system that needs no mount to be made.
pack_image() {
	mke2fs -q -t ext4 -d "$1" -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 "$2" "$ROOT_SIZE" >/dev/null
}

# root_image BASE DEB... : print the image of a base in which apt has installed these
# packages, and then one more kernel, in a chroot, where compilers run at full speed.
root_image() {
	local base=$1 key image
	shift
	key=$({ cat "$@" && declare -f install_in_root; } | sha256sum | cut -c1-12)
	image=$(cached "root/installed/$(basename "$base")-$key" install_in_root "$base" "$@") || return
	touch -c "$image" # in use, see install_in_root
	printf '%s\n' "$image"
}

install_in_root() (
	local base=$1 image=${!#} tree
	local -a debs=("${@:2:$#-2}")
	say "installing ${debs[*]##*/} in the Debian root"
	# Nobody returns to packages of before, but another ring may be about to open its image.
	find "$(dirname "$image")" -maxdepth 1 -type f ! -name '.*' -mmin +60 -delete
	tree=$image.tree
	trap 'rm -rf --one-file-system "$tree"' EXIT
	rm -rf --one-file-system "$tree"
	unpack_root "$base" "$tree"
	mkdir "$tree/debs"
	cp "${debs[@]}" "$tree/debs"
	in_chroot "$tree" -- env DEBIAN_FRONTEND=noninteractive INITRD=No bash -c \
		'cd /debs && apt-get -yq install ./*.deb && apt-get -yq install /srv/later/*.deb' </dev/null >&2
	rm -r "$tree/debs"
	pack_image "$tree" "$image"
)

# The programs of tests/vm/root that run inside, into build/vm/tools. Rings may do so at the same time.
build_root_tools() (
	tools=$BUILD/vm/tools
	mkdir -p "$tools"
	exec 8>"$tools.lock"
	flock 8
	for name in traffic counters; do
		[ "$tools/$name" -nt "$ROOT/$name.cpp" ] || build_root_tool "$name" "$tools"
	done
)

# A tool appears when it is whole: the linker makes it executable last.
build_root_tool() {
	g++ -std=c++17 -O2 -Wall -Wextra -static -I"$TREE/module" -o "$2/.$1" "$ROOT/$1.cpp"
	mv "$2/.$1" "$2/$1"
}
