/*
 * How often each instruction of the kernel, or with least=0 of programs too, is
 * executed between two marks.
 *
 *   -plugin profile.so,begin=ADDRESS,end=ADDRESS,out=FILE[,least=ADDRESS]
 *
 * Whenever the machine executes the instruction at `begin`, counting starts
 * anew; at `end` the counts are written to FILE.1, FILE.2, …: one line for each
 * instruction that was executed, its address and how often. One processor.
 */
#include "counters.h"
#include "marks.h"
#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

static struct marks marks = { .least = MARKS_KERNEL, .out = "profile" };

static void at_begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counters_clear();
}

static void at_end(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counters_write(marks.out, 1);
}

static void count(struct qemu_plugin_insn *insn, uint64_t address)
{
	if (address >= marks.least)
		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, QEMU_PLUGIN_INLINE_ADD_U64,
			counter_of(address)->count, 1);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	marks_watch_block(&marks, tb, at_begin, at_end, count);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info *info,
					   int argc, char **argv)
{
	(void)info;
	return marks_install(&marks, id, argc, argv, translated);
}
