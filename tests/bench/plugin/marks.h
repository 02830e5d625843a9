/*
 * Between two marks a plugin counts: the arguments begin=ADDRESS,end=ADDRESS say which instructions
 * they are, out=FILE where the counts go, least=ADDRESS which are too low to be counted.
 */
#ifndef NETATOP_MARKS_H
#define NETATOP_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

/* The lowest address of the kernel. */
#define MARKS_KERNEL 0xffff800000000000ULL

struct marks {
    uint64_t begin;
    uint64_t end;
    uint64_t least; /* that is counted at all */
    const char* out;
};

/* False when there is an argument that is none of these. */
static inline bool marks_parse(struct marks* marks, int argc, char** argv) {
    int i;

    for (i = 0; i < argc; i++) {
        if (!strncmp(argv[i], "begin=", 6))
            marks->begin = strtoull(argv[i] + 6, NULL, 0);
        else if (!strncmp(argv[i], "end=", 4))
            marks->end = strtoull(argv[i] + 4, NULL, 0);
        else if (!strncmp(argv[i], "least=", 6))
            marks->least = strtoull(argv[i] + 6, NULL, 0);
        else if (!strncmp(argv[i], "out=", 4))
            marks->out = strdup(argv[i] + 4);
        else
            return false;
    }
    return true;
}

/* Has at_begin or at_end called whenever the instruction is executed, if it is a mark. */
static inline void marks_watch(const struct marks* marks, struct qemu_plugin_insn* insn,
                               qemu_plugin_exec_cb_t at_begin, qemu_plugin_exec_cb_t at_end) {
    uint64_t address = qemu_plugin_insn_vaddr(insn);

    if (address == marks->begin)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, at_begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
    if (address == marks->end)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, at_end, QEMU_PLUGIN_CB_NO_REGS, NULL);
}

/* The same for all instructions of a block, each of which is also handed to `each`. */
static inline void marks_watch_block(const struct marks* marks, struct qemu_plugin_tb* block,
                                     qemu_plugin_exec_cb_t at_begin, qemu_plugin_exec_cb_t at_end,
                                     void (*each)(struct qemu_plugin_insn* insn,
                                                  uint64_t address)) {
    size_t n = qemu_plugin_tb_n_insns(block), i;

    for (i = 0; i < n; i++) {
        struct qemu_plugin_insn* insn = qemu_plugin_tb_get_insn(block, i);

        marks_watch(marks, insn, at_begin, at_end);
        each(insn, qemu_plugin_insn_vaddr(insn));
    }
}

/* What qemu_plugin_install() of a plugin between marks does and returns. */
static inline int marks_install(struct marks* marks, qemu_plugin_id_t id, int argc, char** argv,
                                qemu_plugin_tb_trans_cb_t translated) {
    if (!marks_parse(marks, argc, argv))
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}

#endif /* NETATOP_MARKS_H */
