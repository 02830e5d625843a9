# shellcheck shell=bash
# The initramfs of the mini machine: busybox, a few dynamically linked tools of the
# host, the kernel modules that scenarios need. Needs common.sh, kernel.sh and a SCRATCH.

MINI=$TREE/tests/vm/mini

# Programs of the host that busybox does not have, or not well enough.
MINI_TOOLS=(bash ethtool ip iperf3 kmod nft nice ss tc timeout)

# Names that kmod answers to.
MINI_KMOD_NAMES=(depmod insmod lsmod modinfo modprobe rmmod)

# Data that the tools read.
MINI_DATA=(/usr/lib/tc /usr/share/iproute2 /etc/iproute2 /etc/protocols /etc/services)

# mini_initramfs KERNEL_DIR MODULE_OR_EMPTY FILE : put an initramfs together.
mini_initramfs() {
	local kernel=$1 module=$2 file=$3 key tools modules
	key=$(mini_tools_key)
	tools=$(cached "mini/tools-$key.cpio" make_mini_tools)
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

# The tools change when a package of the host does, or the way they are packed.
mini_tools_key() {
	{
		cat "$TREE/tests/vm/lib/mini.sh"
		mini_tool_paths | xargs stat -Lc '%n %s %Y'
	} | sha256sum | cut -c1-16
}

mini_tool_paths() {
	type -P busybox "${MINI_TOOLS[@]}"
}

make_mini_tools() {
	local dir tool name
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
	for tool in $(mini_tool_paths); do
		copy_program "$tool" "$dir"
	done
	for name in "${MINI_KMOD_NAMES[@]}"; do
		ln -s ../bin/kmod "$dir/usr/sbin/$name"
	done
	for name in "${MINI_DATA[@]}"; do
		[ ! -e "$name" ] || cp -r --parents "$name" "$dir"
	done
	pack_directory "$dir" >"$1"
	rm -r "$dir"
}

# A program and the libraries that it is linked with, at the host's own paths.
copy_program() {
	local program=$1 dir=$2 file
	install -D "$program" "$dir$program"
	{ ldd "$program" 2>/dev/null || true; } | sed -nE 's|^[^/]*(/[^ ]+).*|\1|p' | while read -r file; do
		[ -e "$dir$file" ] || install -D "$(realpath "$file")" "$dir$file"
	done
}

# Print a directory with lib/modules for the machine: the cached one of the kernel, or, with
# a module to add, a copy in SCRATCH where depmod knows of that one too.
mini_modules() {
	local kernel=$1 module=$2 release base list
	release=$(<"$kernel/release")
	list=$(sha256sum <"$MINI/modules" | cut -c1-16)
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
	mkdir -p "$dir/lib/modules/$release"
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
