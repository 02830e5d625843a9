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
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "marks.h"
#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

#define BUCKETS		(1 << 20)

struct counter {
	struct counter *next;
	uint64_t address;
	uint64_t count;
};

static struct counter *buckets[BUCKETS];
static struct marks marks = { .least = 0xffff800000000000ULL,
			      .out = "profile" };
static unsigned int files;

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

static void at_begin(unsigned int cpu, void *data)
{
	struct counter *c;
	size_t i;

	(void)cpu;
	(void)data;
	for (i = 0; i < BUCKETS; i++)
		for (c = buckets[i]; c; c = c->next)
			c->count = 0;
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
			if (c->count)
				fprintf(file, "%016" PRIx64 " %" PRIu64 "\n",
					c->address, c->count);
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
		if (address >= marks.least)
			qemu_plugin_register_vcpu_insn_exec_inline(
				insn, QEMU_PLUGIN_INLINE_ADD_U64,
				&counter_of(address)->count, 1);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info *info,
					   int argc, char **argv)
{
	(void)info;
	if (!marks_parse(&marks, argc, argv))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
