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
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marks.h"
#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

#define KERNEL_START	0xffff800000000000ULL
#define BUCKETS		(1 << 20)
#define LINE_BYTES	64
#define WAYS_1		12
#define SETS_1		(48 * 1024 / LINE_BYTES / WAYS_1)
#define WAYS_2		16
#define SETS_2		(2 * 1024 * 1024 / LINE_BYTES / WAYS_2)

/* What an instruction missed, by level. */
struct counter {
	struct counter *next;
	uint64_t address;
	uint64_t misses[2];
};

/* Lines of each set, the one used last first. */
struct level {
	uint64_t *lines;
	unsigned int sets;
	unsigned int ways;
};

static uint64_t lines_1[SETS_1 * WAYS_1];
static uint64_t lines_2[SETS_2 * WAYS_2];
static const struct level levels[] = {
	{ lines_1, SETS_1, WAYS_1 },
	{ lines_2, SETS_2, WAYS_2 },
};

static struct counter *buckets[BUCKETS];
static struct marks marks = { .out = "cache" };
static unsigned int files;
static bool on;

static struct counter *counter_of(uint64_t address)
{
	struct counter **bucket = &buckets[address % BUCKETS];
	struct counter *c;

	for (c = *bucket; c; c = c->next)
		if (c->address == address)
			return c;
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->address = address;
	c->next = *bucket;
	*bucket = c;
	return c;
}

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

static void use_line(struct counter *c, uint64_t line)
{
	unsigned int n;

	for (n = 0; n < 2 && !use(&levels[n], line); n++)
		c->misses[n]++;
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
	struct counter *c;
	size_t i;

	(void)cpu;
	(void)data;
	on = true;
	for (i = 0; i < BUCKETS; i++)
		for (c = buckets[i]; c; c = c->next)
			memset(c->misses, 0, sizeof(c->misses));
}

static void at_end(unsigned int cpu, void *data)
{
	char name[4096];
	struct counter *c;
	FILE *file;
	size_t i;

	(void)cpu;
	(void)data;
	snprintf(name, sizeof(name), "%s.%u", marks.out, ++files);
	file = fopen(name, "w");
	if (!file)
		return;
	for (i = 0; i < BUCKETS; i++)
		for (c = buckets[i]; c; c = c->next)
			if (c->misses[0])
				fprintf(file, "%016" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
					c->address, c->misses[0], c->misses[1]);
	fclose(file);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		marks_watch(&marks, insn, at_begin, at_end);
		if (address >= KERNEL_START)
			qemu_plugin_register_vcpu_mem_cb(insn, at_access,
							 QEMU_PLUGIN_CB_NO_REGS,
							 QEMU_PLUGIN_MEM_RW,
							 counter_of(address));
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info *info,
					   int argc, char **argv)
{
	unsigned int n;

	(void)info;
	if (!marks_parse(&marks, argc, argv))
		return -1;
	for (n = 0; n < 2; n++)
		memset(levels[n].lines, 0xff,
		       (size_t)levels[n].sets * levels[n].ways * sizeof(uint64_t));
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
