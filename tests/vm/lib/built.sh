# shellcheck shell=bash
# Kernels built here, with what finds errors: the source of a stock kernel, the configuration of a
# variant in tests/vm/kernel. Their directories look like those of stock kernels (kernel.sh),
# so that every machine can boot them. Needs common.sh, mirror.sh, kernel.sh and a SCRATCH.

KERNEL_CONFIGS=$TREE/tests/vm/kernel

# The compiler: the oldest that all supported kernels accept.
KERNEL_CC=gcc-12

built_variants() {
	(cd "$KERNEL_CONFIGS" && grep -l '^# variant:' -- *.config) | sed 's/\.config$//'
}

# variant_config VARIANT : print all options of a variant: its file names those that it builds on.
variant_config() {
	local name
	for name in $(sed -n 's/^# on: //p' "$KERNEL_CONFIGS/$1.config") "$1"; do
		cat "$KERNEL_CONFIGS/$name.config"
	done
	printf 'CONFIG_LOCALVERSION="-%s"\n' "$1"
}

# built_kernel_dir VARIANT SUITE : print the directory of a kernel, building it when needed;
# EXIT_SKIPPED when the archive is out of reach.
built_kernel_dir() {
	local variant=$1 stock version key
	stock=$(kernel_dir "$2")
	version=$(<"$stock/version")
	key=$({
		variant_config "$variant"
		"$KERNEL_CC" --version
	} | sha256sum | cut -c1-12)
	cached "kernels/${version%%[-~]*}-${variant}_$version-$key" \
		build_kernel "$variant" "$version" "$(<"$stock/suite")"
}

build_kernel() {
	local variant=$1 version=$2 suite=$3 dir=$4 source=$SCRATCH/linux log=$SCRATCH/build.log
	fetch_source "$suite" "$version" "$source"
	configure_kernel "$variant" "$source"
	say "building the $variant kernel $version; its log is $log"
	nice -n 19 make -s -C "$source" -j "$(nproc)" "CC=$KERNEL_CC" bzImage modules >"$log" 2>&1 || {
		tail -n 30 "$log" >&2
		die "the $variant kernel does not compile"
	}
	mkdir -p "$dir"
	settle_built "$source" "$dir"
	printf '%s\n' "$version" >"$dir/version"
	printf '%s\n' q35 >"$dir/machine" # the tables of others keep a slow kernel busy for minutes
	printf '%s\n' "$suite" >"$dir/suite"
	rm -rf "$source"
}

# fetch_source SUITE VERSION DIRECTORY : unpack a kernel's source, without what no build here needs.
fetch_source() {
	local suite=$1 version=$2 dir=$3 package
	package=linux-source-$(cut -d. -f1,2 <<<"$version" | sed 's/[-~].*//')
	say "fetching $package $version from $suite"
	mkdir -p "$SCRATCH/debs" "$dir"
	download_packages "$suite" "$SCRATCH/debs" "$package=$version" ||
		skip "$suite does not serve $package $version now"
	dpkg --fsys-tarfile "$SCRATCH/debs/$package"_*.deb |
		tar -xO --wildcards './usr/src/*.tar.xz' |
		tar -xJ -C "$dir" --strip-components=1 --exclude='*/Documentation/*/*'
	rm -r "$SCRATCH/debs"
}

# Nothing but what the variant asks for and what that needs.
configure_kernel() {
	local variant=$1 source=$2 missing
	# The filter by caller works on x86-64 too, since its unwinder needs no frame pointers.
	sed -i '/^config FAULT_INJECTION_STACKTRACE_FILTER/,/^$/s/^\tdepends on !X86_64$//' \
		"$source/lib/Kconfig.debug"
	variant_config "$variant" | grep '^CONFIG_' | sort -u >"$SCRATCH/wanted"
	sed -i.all -E 's/ # of older kernels$//' "$SCRATCH/wanted"
	make -s -C "$source" "CC=$KERNEL_CC" "KCONFIG_ALLCONFIG=$SCRATCH/wanted" allnoconfig >&2
	missing=$(grep '^CONFIG_' "$source/.config" | sort -u |
		comm -13 - <(grep -v ' # of older kernels$' "$SCRATCH/wanted.all"))
	[ -z "$missing" ] || die "the kernel's configuration does not take:" "$missing"
}

# What a machine boots and what a module is compiled with, from a finished build.
settle_built() {
	local source=$1 dir=$2 release headers modules
	release=$(make -s -C "$source" kernelrelease)
	headers=$dir/root/usr/src/linux-headers-$release
	modules=$dir/root/lib/modules/$release
	mkdir -p "$headers" "$dir/root/usr/lib"
	ln -s usr/lib "$dir/root/lib"
	cp "$source/arch/x86/boot/bzImage" "$dir/vmlinuz"
	cp "$source/System.map" "$source/.config" "$dir"
	make -s -C "$source" "INSTALL_MOD_PATH=$dir/root" modules_install
	(cd "$source" && cp -r --parents -t "$headers" .config Makefile Kbuild Module.symvers \
		include scripts arch/x86/include arch/x86/Makefile* tools/objtool/objtool)
	printf 'CC := %s\n' "$KERNEL_CC" >"$headers/.kernelvariables"
	rm -f "$modules/source"
	ln -sfnT "$(realpath --relative-to="$modules" "$headers")" "$modules/build"
	printf '%s\n' "$release" >"$dir/release"
}
