# shellcheck shell=bash
# What the architectures that a machine can have are called, by whom. Debian's own name (amd64) is the
# one that all scripts pass around.

# cpu_of ARCHITECTURE : the name of its processors, as compilers and directories of libraries have it.
cpu_of() {
	case $1 in
	amd64) echo x86_64 ;;
	arm64) echo aarch64 ;;
	ppc64el) echo powerpc64le ;;
	riscv64 | s390x) echo "$1" ;;
	*) die "no machine for $1" ;;
	esac
}

# emulator_of ARCHITECTURE : the end of QEMU's name.
emulator_of() {
	case $1 in
	ppc64el) echo ppc64 ;;
	*) cpu_of "$1" ;;
	esac
}

# user_emulator_of ARCHITECTURE : the program that runs one program of it.
user_emulator_of() {
	case $1 in
	ppc64el) echo qemu-ppc64le ;;
	*) echo "qemu-$(cpu_of "$1")" ;;
	esac
}

# kernel_name_of ARCHITECTURE : what the kernel's Makefile calls it.
kernel_name_of() {
	case $1 in
	amd64) echo x86 ;;
	ppc64el) echo powerpc ;;
	riscv64) echo riscv ;;
	s390x) echo s390 ;;
	*) echo "$1" ;;
	esac
}

# kernel_package_of ARCHITECTURE [FLAVOUR] : the end of the name of Debian's kernel. A flavour stands before
# that of the architecture (rt, cloud), a size of pages behind it (16k, 64k).
kernel_package_of() {
	local plain=$1
	[ "$1" != ppc64el ] || plain=powerpc64le
	case ${2:-} in
	'') echo "$plain" ;;
	*k) echo "$plain-$2" ;;
	*) echo "$2-$plain" ;;
	esac
}

# programs_suite ARCHITECTURE : the suite that its programs and libraries come from: this machine's, or
# the first that has the architecture.
programs_suite() {
	case $1 in
	riscv64) echo trixie ;;
	*) host_suite ;;
	esac
}
