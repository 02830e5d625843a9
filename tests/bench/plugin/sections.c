/*
 * How long kernel modules keep a processor from being given to somebody else: by
 * a spin lock, or with bottom halves or preemption off.
 *
 *   -plugin sections.so,enter=ADDRESS,leave=ADDRESS,interrupt=ADDRESS,count=ADDRESS,out=FILE
 *
 * `enter` and `leave`, which may be given several times, are functions of the
 * kernel that begin and end such a section, `count` is the address of
 * __preempt_count, which modules also change themselves. Sections
 * in which `interrupt` was executed are left out. At the end of the machine FILE
 * has, for each instruction that begins sections, its address, the most
 * instructions that such a section took, and how many there were. One processor.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = 1;

#define MODULES_START	0xffffffffc0000000ULL
#define MODULES_END	0xffffffffff000000ULL
#define ADDRESSES	16

struct addresses {
	unsigned int n;
	uint64_t at[ADDRESSES];
};

/* The sections that begin at one instruction. */
struct begin {
	struct begin *next;
	uint64_t address;
	uint64_t longest;
	uint64_t sections;
};

static struct addresses enters, leaves, interrupts, counts;
static const char *out = "sections";
static struct begin *begins;

static uint64_t executed;
static struct begin *section;
static unsigned int depth;
static uint64_t since;

static struct begin *begin_of(uint64_t address)
{
	struct begin *b;

	for (b = begins; b; b = b->next)
		if (b->address == address)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->address = address;
	b->next = begins;
	begins = b;
	return b;
}

static void at_enter(unsigned int cpu, void *data)
{
	(void)cpu;
	if (depth++)
		return;
	section = data;
	since = executed;
}

static void at_leave(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (!depth || --depth || !section)
		return;
	section->sections++;
	if (executed - since > section->longest)
		section->longest = executed - since;
}

static void at_interrupt(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	section = NULL;
}

static bool is_one_of(const struct addresses *list, uint64_t address)
{
	unsigned int i;

	for (i = 0; i < list->n; i++)
		if (list->at[i] == address)
			return true;
	return false;
}

/* The address that the 32 bits at @operand, before the instruction's @end, are relative to it. */
static uint64_t target(const uint8_t *operand, uint64_t end)
{
	int32_t offset;

	memcpy(&offset, operand, sizeof(offset));
	return end + (int64_t)offset;
}

/*
 * What an instruction of a module does to sections: 1 begins one, -1 ends one. It
 * calls a function or jumps to it, or changes %gs:__preempt_count: add of 32 or 8
 * bits, inc, dec.
 */
static int effect(const uint8_t *code, size_t size, uint64_t address)
{
	uint64_t end = address + size;

	if (size == 5 && (code[0] == 0xe8 || code[0] == 0xe9)) {
		uint64_t function = target(code + 1, end);

		return is_one_of(&enters, function) -
		       is_one_of(&leaves, function);
	}
	if (size < 7 || code[0] != 0x65 ||
	    !is_one_of(&counts, target(code + 3, end)))
		return 0;
	if ((code[1] == 0x81 || code[1] == 0x83 || code[1] == 0xff) &&
	    code[2] == 0x05)
		return 1;
	return code[1] == 0xff && code[2] == 0x0d ? -1 : 0;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(
		tb, QEMU_PLUGIN_INLINE_ADD_U64, &executed, n);
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		int what = 0;

		if (address >= MODULES_START && address < MODULES_END)
			what = effect(qemu_plugin_insn_data(insn),
				      qemu_plugin_insn_size(insn), address);
		if (what > 0)
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, at_enter, QEMU_PLUGIN_CB_NO_REGS,
				begin_of(address));
		if (what < 0)
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, at_leave, QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (is_one_of(&interrupts, address))
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn, at_interrupt, QEMU_PLUGIN_CB_NO_REGS,
				NULL);
	}
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
	struct begin *b;
	FILE *file;

	(void)id;
	(void)data;
	file = fopen(out, "w");
	if (!file)
		return;
	for (b = begins; b; b = b->next)
		if (b->sections)
			fprintf(file, "%016" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
				b->address, b->longest, b->sections);
	fclose(file);
}

static bool add_address(struct addresses *list, const char *text)
{
	if (list->n == ADDRESSES)
		return false;
	list->at[list->n++] = strtoull(text, NULL, 16);
	return true;
}

static bool take_argument(const char *argument)
{
	if (!strncmp(argument, "enter=", 6))
		return add_address(&enters, argument + 6);
	if (!strncmp(argument, "leave=", 6))
		return add_address(&leaves, argument + 6);
	if (!strncmp(argument, "interrupt=", 10))
		return add_address(&interrupts, argument + 10);
	if (!strncmp(argument, "count=", 6))
		return add_address(&counts, argument + 6);
	if (!strncmp(argument, "out=", 4))
		return (out = strdup(argument + 4));
	return false;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_info *info,
					   int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++)
		if (!take_argument(argv[i]))
			return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, at_exit, NULL);
	return 0;
}
