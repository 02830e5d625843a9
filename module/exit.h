/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_EXIT_H
#define _NTA_EXIT_H

#include <linux/types.h>

#include "totals.h"

struct nta_proc;

extern unsigned int nta_max_exits;

/**
 * struct nta_exit_stats - what /proc/netatop shows of exited processes
 * @exited: sum over all processes that became exit records
 * @queued: records that wait for a reader
 * @dropped: records thrown away because nobody read them
 * @timeouts: how often a wait for the readers ended without success
 */
struct nta_exit_stats {
	struct nta_count exited[NTA_FLOWS];
	unsigned int queued;
	u64 dropped;
	u64 timeouts;
};

void nta_exit_queue(struct nta_proc *proc);
void nta_exit_flush(void);
void nta_exit_on_record(void (*tell)(struct nta_proc *proc));

struct nta_proc *nta_exit_take(void);
void nta_exit_untake(struct nta_proc *proc);
int nta_exit_wait_empty(void);
void nta_exit_stats(struct nta_exit_stats *stats);

int nta_exit_setup(void);
void nta_exit_stop(void);
void nta_exit_teardown(void);

#endif /* _NTA_EXIT_H */
