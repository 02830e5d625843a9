# shellcheck shell=bash
# Judgement of a kernel log: what no test may provoke.

# Bits of /proc/sys/kernel/tainted that an unsigned module of ours sets: 4096
# (out of tree) and 8192 (unsigned).
TAINT_EXPECTED=$((4096 | 8192))

# One extended regular expression a line; a line of the log that matches is a complaint.
klog_complaints='
\bOops(:|\b)
\bBUG\b
\bWARNING\b
Kernel panic
general protection fault
[Uu]nable to handle
(invalid opcode|divide error|stack segment|segment not present):
SError Interrupt
refcount_t:
Call [Tt]race:
possible (recursive|circular) locking
INFO: .*(deadlock|lock|held|blocked|stall|rcu_|trying to register)
rcu: .*(stall|starved)
(soft|hard) lockup
hard LOCKUP
blocked for more than
list_(add|del) corruption
still has (.* )?objects
memory leaks
\b(KASAN|KCSAN|KFENCE|UBSAN): [a-z]
unregister_netdevice: waiting
Out of memory
already registered
remove_proc_entry
Unknown symbol
disagrees about version
failed to validate module
segfault at
'

# Data races between parts of the kernel, which has many on purpose; those of a module name it.
klog_race='BUG: KCSAN: '
klog_our_race='BUG: KCSAN: .*\[netatop\]'

# klog_check LOG : print each complaint of a console or kernel log; 1 when there is one.
klog_check() {
	! grep -aE -f <(sed '/^$/d' <<<"$klog_complaints") "$1" |
		awk -v race="$klog_race" -v ours="$klog_our_race" '$0 !~ race || $0 ~ ours { print; n++ }
			END { exit !n }'
}

# taint_check NUMBER : 1, and a line that says so, when the kernel is tainted by anything
# but the module being out of tree and unsigned.
taint_check() {
	local unexpected=$(($1 & ~TAINT_EXPECTED)) bit
	[ "$unexpected" -ne 0 ] || return 0
	printf 'kernel tainted: %d, unexpected bits' "$1"
	for ((bit = 0; bit < 32; bit++)); do
		((unexpected >> bit & 1)) && printf ' %d' "$bit"
	done
	printf '\n'
	return 1
}
