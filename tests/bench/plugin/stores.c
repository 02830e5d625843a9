/*
 * Which processors store to which cache lines from kernel modules, between two
 * marks.
 *
 *   -plugin stores.so,begin=ADDRESS,end=ADDRESS,out=FILE
 *
 * Whenever the machine executes the instruction at `begin`, counting starts
 * anew; at `end` FILE is written: for each line that several processors stored
 * to, and each instruction that did, "line instruction count count…", the counts
 * by processor.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marks.h"
#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

#define MODULES_START	0xffffffffc0000000ULL
#define MODULES_END	0xffffffffff000000ULL
#define LINE_BYTES	64
#define BUCKETS		(1 << 16)
#define CPUS		8

/* The stores of one instruction to one line. */
struct stores {
	struct stores *next;
	uint64_t line;
	uint64_t instruction;
	uint64_t count[CPUS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct stores *buckets[BUCKETS];
static struct marks marks = { .out = "stores" };

static void at_store(unsigned int cpu, qemu_plugin_meminfo_t info,
		     uint64_t address, void *data)
{
	uint64_t line = address / LINE_BYTES;
	uint64_t instruction = (uintptr_t)data;
	struct stores **bucket = &buckets[line % BUCKETS];
	struct stores *s;

	if (cpu >= CPUS || !qemu_plugin_mem_is_store(info))
		return;
	pthread_mutex_lock(&lock);
	for (s = *bucket; s; s = s->next)
		if (s->line == line && s->instruction == instruction)
			break;
	if (!s) {
		s = calloc(1, sizeof(*s));
		if (!s)
			abort();
		s->line = line;
		s->instruction = instruction;
		s->next = *bucket;
		*bucket = s;
	}
	s->count[cpu]++;
	pthread_mutex_unlock(&lock);
}

static void at_begin(unsigned int cpu, void *data)
{
	struct stores *s;
	size_t i;

	(void)cpu;
	(void)data;
	pthread_mutex_lock(&lock);
	for (i = 0; i < BUCKETS; i++)
		for (s = buckets[i]; s; s = s->next)
			memset(s->count, 0, sizeof(s->count));
	pthread_mutex_unlock(&lock);
}

static bool stored(const struct stores *s)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		if (s->count[cpu])
			return true;
	return false;
}

/* The processors that stored to a line, as bits. */
static unsigned int stored_by(const struct stores *bucket, uint64_t line)
{
	unsigned int by = 0, cpu;

	for (; bucket; bucket = bucket->next)
		for (cpu = 0; bucket->line == line && cpu < CPUS; cpu++)
			if (bucket->count[cpu])
				by |= 1u << cpu;
	return by;
}

static void print_shared(FILE *file, const struct stores *bucket)
{
	const struct stores *s;
	unsigned int by, cpu;

	for (s = bucket; s; s = s->next) {
		by = stored_by(bucket, s->line);
		if (!(by & (by - 1)) || !stored(s))
			continue;
		fprintf(file, "%016" PRIx64 " %016" PRIx64,
			s->line * LINE_BYTES, s->instruction);
		for (cpu = 0; cpu < CPUS; cpu++)
			fprintf(file, " %" PRIu64, s->count[cpu]);
		fputc('\n', file);
	}
}

static void at_end(unsigned int cpu, void *data)
{
	FILE *file;
	size_t i;

	(void)cpu;
	(void)data;
	file = fopen(marks.out, "w");
	if (!file)
		return;
	pthread_mutex_lock(&lock);
	for (i = 0; i < BUCKETS; i++)
		print_shared(file, buckets[i]);
	pthread_mutex_unlock(&lock);
	fclose(file);
}

/*
 * Jumps and returns store nothing, but when one leaves a block of code QEMU takes
 * for its what its own helpers store next.
 */
static bool may_store(const struct qemu_plugin_insn *insn)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);

	return code[0] != 0xe9 && code[0] != 0xeb && code[0] != 0xc3 &&
	       (code[0] & 0xf0) != 0x70 &&
	       !(code[0] == 0x0f && (code[1] & 0xf0) == 0x80);
}

static void follow(struct qemu_plugin_insn *insn, uint64_t address)
{
	if (address >= MODULES_START && address < MODULES_END && may_store(insn))
		qemu_plugin_register_vcpu_mem_cb(
			insn, at_store, QEMU_PLUGIN_CB_NO_REGS,
			QEMU_PLUGIN_MEM_W, (void *)(uintptr_t)address);
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
	(void)info;
	return marks_install(&marks, id, argc, argv, translated);
}
