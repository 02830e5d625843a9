/*
 * Which loads and stores of the kernel miss the caches of a simulated processor, between two
 * marks.
 *
 *   -plugin cache.so,begin=ADDRESS,end=ADDRESS,out=FILE
 *
 * A first level of 48 KB with 12 ways and a second one of 2 MB with 16, lines of 64 bytes, the
 * least recently used goes; by virtual addresses, code and programs in user space left out. They
 * fill from the first `begin` on. Whenever the machine executes the instruction at `begin`,
 * counting starts anew; at `end` FILE.1, FILE.2, … is written, one line for each instruction that
 * missed: its address, misses of the first level, of the second. One processor.
 */
#include <stdbool.h>
#include <string.h>

#include "counters.h"
#include "marks.h"
#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

#define LINE_BYTES	64
#define LEVELS		2
#define WAYS_1		12
#define SETS_1		(48 * 1024 / LINE_BYTES / WAYS_1)
#define WAYS_2		16
#define SETS_2		(2 * 1024 * 1024 / LINE_BYTES / WAYS_2)

/* Lines of each set, the one used last first. */
struct level {
	uint64_t *lines;
	unsigned int sets;
	unsigned int ways;
};

static uint64_t lines_1[SETS_1 * WAYS_1];
static uint64_t lines_2[SETS_2 * WAYS_2];
static const struct level levels[LEVELS] = {
	{ lines_1, SETS_1, WAYS_1 },
	{ lines_2, SETS_2, WAYS_2 },
};

static struct marks marks = { .least = MARKS_KERNEL, .out = "cache" };
static bool on;

/* Uses a line; true when it was there. */
static bool use(const struct level *level, uint64_t line)
{
	uint64_t *set = level->lines + line % level->sets * level->ways;
	unsigned int way = 0;
	bool hit;

	while (way < level->ways - 1 && set[way] != line)
		way++;
	hit = set[way] == line;
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = line;
	return hit;
}

/* What an instruction misses is counted by level. */
static void use_line(struct counter *c, uint64_t line)
{
	unsigned int n;

	for (n = 0; n < LEVELS && !use(&levels[n], line); n++)
		c->count[n]++;
}

static void at_access(unsigned int cpu, qemu_plugin_meminfo_t info,
		      uint64_t address, void *data)
{
	uint64_t first = address / LINE_BYTES, last;

	(void)cpu;
	if (!on)
		return;
	last = (address + (1u << qemu_plugin_mem_size_shift(info)) - 1) / LINE_BYTES;
	use_line(data, first);
	if (last != first)
		use_line(data, last);
}

static void at_begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	on = true;
	counters_clear();
}

static void at_end(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	counters_write(marks.out, LEVELS);
}

static void follow(struct qemu_plugin_insn *insn, uint64_t address)
{
	if (address >= marks.least)
		qemu_plugin_register_vcpu_mem_cb(insn, at_access,
						 QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW,
						 counter_of(address));
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	marks_watch_block(&marks, tb, at_begin, at_end, follow);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info *info,
					   int argc, char **argv)
{
	unsigned int n;

	(void)info;
	for (n = 0; n < LEVELS; n++)
		memset(levels[n].lines, 0xff,
		       (size_t)levels[n].sets * levels[n].ways * sizeof(uint64_t));
	return marks_install(&marks, id, argc, argv, translated);
}
