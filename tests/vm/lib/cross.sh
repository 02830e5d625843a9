# shellcheck shell=bash
# Programs for another architecture: compiled by this machine's cross compiler or, when this machine's suite
# does not have the architecture, by that of the root to compile in. Needs chroot.sh, common.sh and mirror.sh.

# Their headers and libraries, without what these depend on.
CROSS_PACKAGES=(libgmock-dev libgtest-dev libmicrohttpd-dev libmnl-dev libmnl0 libncurses-dev
	libncursesw6 libtinfo6 zlib1g-dev zlib1g)

# What they are linked with when they run.
CROSS_RUNTIME=(libmnl0 libncursesw6 libstdc++6 zlib1g)

cross_suite() {
	printf '%s:%s\n' "$(programs_suite "$1")" "$1"
}

# The library whose name has the size of time_t in later suites.
cross_microhttpd() {
	case $(programs_suite "$1") in
	bookworm) echo libmicrohttpd12 ;;
	*) echo libmicrohttpd12t64 ;;
	esac
}

# cross_libraries ARCHITECTURE : print the directory that holds what programs are compiled with.
cross_libraries() {
	unpacked_packages alone "$(cross_suite "$1")" "${CROSS_PACKAGES[@]}" "$(cross_microhttpd "$1")"
}

# cross_runtime ARCHITECTURE : print a directory in which they find all that they load.
cross_runtime() {
	unpacked_packages whole "$(cross_suite "$1")" "${CROSS_RUNTIME[@]}" "$(cross_microhttpd "$1")"
}

cross_is_here() {
	[ "$(programs_suite "$1")" = "$(host_suite)" ]
}

cross_gcc_version() {
	if cross_is_here "$1"; then echo 12; else echo "${COMPILER_GCC#gcc-}"; fi
}

# cross_make ARCHITECTURE MAKE_ARGUMENT... : make with that architecture's compiler and libraries, which
# Makefiles take from the environment and add to.
cross_make() {
	local target=$1 libraries prefix version
	local -a command
	shift
	libraries=$(cross_libraries "$target")
	prefix=$(cpu_of "$target")-linux-gnu-
	version=$(cross_gcc_version "$target")
	command=(env "CC=${prefix}gcc-$version" "CXX=${prefix}g++-$version" "AR=${prefix}ar"
		"CPPFLAGS=-isystem $libraries/usr/include ${CPPFLAGS:-}"
		"LDFLAGS=-L$libraries/usr/lib/${prefix%-} -Wl,--allow-shlib-undefined ${LDFLAGS:-}"
		make -s -j "$(nproc)" "$@")
	if cross_is_here "$target"; then
		need "${prefix}g++-$version"
		"${command[@]}"
	else
		in_chroot "$(compiler_root "$target")" "$TREE" "$BUILD" "$libraries" -- "${command[@]}"
	fi
}
