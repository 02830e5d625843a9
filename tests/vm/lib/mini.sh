# shellcheck shell=bash
# The initramfs of the mini machine: busybox, a few dynamically linked tools of the
# host (for another architecture, of a suite that has it), the kernel modules that scenarios need.
# Needs common.sh, mirror.sh, kernel.sh and a SCRATCH.

MINI=$TREE/tests/vm/mini

# Programs that busybox does not have, or not well enough.
MINI_TOOLS=(bash ethtool ip iperf3 kmod nft nice ss tc timeout wg)

# What holds them, and busybox, and the data that they read.
MINI_PACKAGES=(bash busybox-static coreutils ethtool iperf3 iproute2 kmod ncurses-base netbase nftables
	wireguard-tools)

# Names that kmod answers to.
MINI_KMOD_NAMES=(depmod insmod lsmod modinfo modprobe rmmod)

# Data that the tools read.
MINI_DATA=(/usr/lib/tc /usr/share/iproute2 /etc/iproute2 /etc/protocols /etc/services
	/usr/lib/terminfo/x/xterm)

# mini_initramfs KERNEL_DIR MODULE_OR_EMPTY FILE : put an initramfs together.
mini_initramfs() {
	local kernel=$1 module=$2 file=$3 target root='' key tools modules
	target=$(kernel_arch "$kernel")
	[ "$target" = "$ARCH" ] ||
		root=$(unpacked_packages whole "$(programs_suite "$target"):$target" "${MINI_PACKAGES[@]}")
	key=$(mini_tools_key "$root")
	tools=$(cached "mini/tools-$key.cpio" make_mini_tools "$root" "$target")
	modules=$(mini_modules "$kernel" "$module")
	cat "$tools" >"$file"
	pack_directory "$modules" >>"$file"
	pack_files "$MINI" init >>"$file"
}

# pack_directory DIRECTORY, pack_files DIRECTORY FILE... : print a cpio archive.
pack_directory() {
	(cd "$1" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0)
}

pack_files() {
	(cd "$1" && printf '%s\n' "${@:2}" | cpio --quiet -o -H newc -R 0:0)
}

# The tools change when a package of the host does, or the way they are packed. ROOT is that of
# another architecture's packages, or empty.
mini_tools_key() {
	{
		cat "$TREE/tests/vm/lib/mini.sh"
		mini_tool_paths "$1" | xargs stat -Lc '%n %s %Y'
	} | sha256sum | cut -c1-16
}

# What is in usr/sbin may be a link to what is in usr/bin.
mini_tool_paths() {
	local tool
	for tool in busybox "${MINI_TOOLS[@]}"; do
		PATH=$1/usr/bin:$1/usr/sbin type -P "$tool" ||
			die "$tool is not installed: run tests/setup.sh check"
	done
}

make_mini_tools() {
	local root=$1 target=$2 file=$3 dir tool name
	dir=$SCRATCH/tools
	mkdir -p "$dir"/{dev,etc,proc,root,run,share,sys,tmp,tree,var} "$dir"/usr/{bin,sbin,lib,lib64}
	for name in bin sbin lib lib64; do
		ln -s "usr/$name" "$dir/$name"
	done
	ln -s ../run "$dir/var/run"
	ln -s bash "$dir/bin/sh" # busybox's own runs its applets before what PATH has
	printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$dir/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$dir/etc/group"
	printf '127.0.0.1 localhost mini\n::1 localhost mini\n' >"$dir/etc/hosts"
	for tool in $(mini_tool_paths "$root"); do
		copy_program "$root" "$target" "${tool#"$root"}" "$dir"
	done
	for name in "${MINI_KMOD_NAMES[@]}"; do
		ln -s ../bin/kmod "$dir/usr/sbin/$name"
	done
	for name in "${MINI_DATA[@]}"; do
		[ ! -e "$root$name" ] || (cd "$root/" && cp -r --parents ".$name" "$dir")
	done
	pack_directory "$dir" >"$file"
	rm -r "$dir"
}

# copy_program ROOT ARCHITECTURE PROGRAM DIRECTORY : a program, its interpreter and the libraries that
# it is linked with, at their own paths.
copy_program() {
	local root=$1 target=$2 program=$3 dir=$4 name file
	install -D "$(in_root "$root" "$program")" "$dir$program"
	for name in $(linked_with "$dir$program"); do
		case $name in
		/*) file=$name ;;
		*) file=/usr/lib/$(cpu_of "$target")-linux-gnu/$name ;;
		esac
		[ -e "$dir$file" ] || copy_program "$root" "$target" "$file" "$dir"
	done
}

# in_root ROOT FILE : the path of a file, which may be a link that knows nothing of ROOT.
in_root() {
	local link
	link=$(readlink "$1$2") || link=''
	case $link in
	/*) echo "$1$link" ;;
	*) echo "$1$2" ;;
	esac
}

# The interpreter of a program and the names of libraries that it, or a library, wants.
linked_with() {
	readelf -ldW "$1" | sed -nE -e 's|.*program interpreter: (.*)\]$|\1|p' \
		-e 's|.*\(NEEDED\).*\[(.*)\]$|\1|p'
}

# Print a directory with lib/modules for the machine: the cached one of the kernel, or, with
# a module to add, a copy in SCRATCH where depmod knows of that one too.
mini_modules() {
	local kernel=$1 module=$2 release base list
	release=$(<"$kernel/release")
	list=$({
		cat "$MINI/modules"
		declare -f make_mini_modules
	} | sha256sum | cut -c1-16)
	base=$(cached "mini/modules-$(basename "$kernel")-$list" make_mini_modules "$kernel" "$release")
	if [ -n "$module" ]; then
		cp -al "$base" "$SCRATCH/modules"
		install -D -m 644 "$module" "$SCRATCH/modules/lib/modules/$release/updates/netatop.ko"
		rm "$SCRATCH/modules/lib/modules/$release"/modules.*
		cp "$kernel/root/lib/modules/$release"/modules.{order,builtin*} \
			"$SCRATCH/modules/lib/modules/$release"
		depmod -b "$SCRATCH/modules" "$release"
		base=$SCRATCH/modules
	fi
	printf '%s\n' "$base"
}

make_mini_modules() {
	local kernel=$1 release=$2 dir=$3 name
	mkdir -p "$dir/usr/lib/modules/$release"
	ln -s usr/lib "$dir/lib" # as the tools have it: the last archive wins
	mini_module_names "$kernel/root/lib/modules/$release" | while read -r name; do
		modprobe -d "$kernel/root" -S "$release" --show-depends "$name" 2>/dev/null || true
	done | sed -n "s|^insmod $kernel/root/\\(.*\\.ko\\).*|\\1|p" | sort -u |
		(cd "$kernel/root" && xargs cp --parents -t "$dir")
	cp "$kernel/root/lib/modules/$release"/modules.{order,builtin*} "$dir/lib/modules/$release"
	depmod -b "$dir" "$release"
}

# The names in the list, its patterns replaced by the modules of a kernel that match.
mini_module_names() {
	local name
	sed 's/#.*//' "$MINI/modules" | tr -s ' \t' '\n' | while read -r name; do
		case $name in
		*'*'*) find "$1" -name "$name.ko" -printf '%f\n' | sed 's/\.ko$//' ;;
		?*) echo "$name" ;;
		esac
	done
}
