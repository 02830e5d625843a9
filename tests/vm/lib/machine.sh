# shellcheck shell=bash
# One virtual machine: how it is started, how its verdict gets out. Needs common.sh
# and klog.sh.
#
# A machine has a share, a directory of the host that the guest mounts by 9p with
# the tag "share":
#   results/  what the guest leaves for its caller
#   status    the exit status of what was run, written last
#   tainted   /proc/sys/kernel/tainted at the end
# and an output directory, where the host leaves
#   console.log   everything that the kernel said
#   verdict.json  {"verdict": …, "status": …, "seconds": …, "complaints": […]}
# and the files of results/.

# Exit status of a machine beside those of the command run in it.
# shellcheck disable=SC2034
{
	EXIT_TIMEOUT=124  # the time limit was reached
	EXIT_MACHINE=125  # the machine gave no verdict: it did not boot, or died
	EXIT_COMPLAINT=126 # the kernel complained, whatever the command said
}

# The architecture of the machine.
MACHINE_ARCH=$ARCH

# Software emulation by name: a /dev/kvm that exists may hang.
MACHINE_ACCEL=${MACHINE_ACCEL:-tcg,thread=multi}

machine_program() {
	echo "qemu-system-$(emulator_of "$MACHINE_ARCH")"
}

# Parameters of the kernel: which serial port carries its messages, which one what the command
# prints. A busy host fails the check that the timer interrupts, and starts processors late.
machine_parameters() {
	case $MACHINE_ARCH in
	amd64) echo console=ttyS0 output=ttyS1 no_timer_check ;;
	arm64) echo console=ttyAMA0 output=ttyS0 ;;
	ppc64el) echo console=hvc0 output=hvc1 ;;
	riscv64) echo console=ttyS0 output=ttyS1 ;;
	s390x) echo console=ttyS1 output=sclp_line0 ;;
	esac
}

# The model, and what its second serial port is.
machine_model() {
	case $MACHINE_ARCH in
	amd64) printf '%s\n' -cpu max -serial chardev:output ;;
	arm64) printf '%s\n' -machine virt -cpu cortex-a57 -device pci-serial,chardev=output ;;
	ppc64el) printf '%s\n' -machine pseries -cpu power9 -device spapr-vty,chardev=output ;;
	riscv64) printf '%s\n' -machine virt -device pci-serial,chardev=output ;;
	s390x) printf '%s\n' -machine s390-ccw-virtio -cpu max -device sclplmconsole,chardev=output ;;
	esac
}

# machine_directory PATH TAG [OPTION] : a directory of the host that the guest mounts by 9p. One
# argument a line. Channels take the place of PCI where the kernel of a mainframe runs.
machine_directory() {
	local bus=pci
	[ "$MACHINE_ARCH" != s390x ] || bus=ccw
	printf '%s\n' -fsdev "local,id=$2,path=$1,security_model=none,multidevs=remap${3:+,$3}" \
		-device "virtio-9p-$bus,fsdev=$2,mount_tag=$2"
}

# machine_start SECONDS CONSOLE_LOG SHARE QEMU_ARGUMENT... : run QEMU until the guest powers
# off. Kernel messages go to CONSOLE_LOG (first serial port), what the guest writes to
# its second serial port to standard output.
machine_start() {
	local seconds=$1 console=$2 share=$3
	local -a model shared
	mapfile -t model < <(machine_model)
	mapfile -t shared < <(machine_directory "$share" share)
	timeout --foreground --kill-after=10 "$seconds" \
		"$(machine_program)" \
		-accel "$MACHINE_ACCEL" -m 2G -smp 2 \
		-nodefaults -no-user-config -no-reboot -display none -nic none \
		-chardev file,id=console,path="$console" -serial chardev:console \
		-chardev stdio,id=output,signal=off "${model[@]}" \
		-device virtio-rng "${shared[@]}" \
		"${@:4}" </dev/null
}

# machine_verdict QEMU_STATUS SHARE OUT SECONDS_TAKEN : judge a finished machine, write
# OUT/verdict.json, say what went wrong, return the exit status to end with.
machine_verdict() {
	local qemu=$1 share=$2 out=$3 taken=$4 status=$EXIT_MACHINE verdict complaints=
	complaints=$(klog_check "$out/console.log") || true
	if [ -s "$share/tainted" ]; then
		complaints+=$(taint_check "$(<"$share/tainted")") || complaints+=$'\n'
	fi
	if [ -s "$share/status" ]; then
		status=$(<"$share/status")
		verdict=$([ "$status" -eq 0 ] && echo passed || echo failed)
	elif [ "$qemu" -eq 124 ] || [ "$qemu" -eq 137 ]; then
		status=$EXIT_TIMEOUT verdict=timeout
	else
		verdict=died
	fi
	if [ -n "$complaints" ]; then
		status=$EXIT_COMPLAINT verdict=complaint
	fi
	write_verdict "$verdict" "$status" "$taken" "$complaints" >"$out/verdict.json"
	explain_verdict "$verdict" "$out" "$complaints"
	return "$status"
}

write_verdict() {
	jq -n --arg verdict "$1" --argjson status "$2" --argjson seconds "$3" --arg complaints "$4" \
		'{$verdict, $status, $seconds, complaints: ($complaints | split("\n") | map(select(. != "")))}'
}

explain_verdict() {
	local verdict=$1 out=$2 complaints=$3
	case $verdict in
	passed | failed) return ;;
	complaint) say "the kernel complained:" "$complaints" ;;
	timeout) say "the machine reached its time limit; the end of its kernel log:" ;;
	died) say "the machine ended without a verdict; the end of its kernel log:" ;;
	esac
	tail -n 40 "$out/console.log" | sed 's/^/  | /' >&2
	say "all of it: $out/console.log"
}
