/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_SNAPSHOT_H
#define _NTA_SNAPSHOT_H

#include <linux/types.h>

#include "totals.h"

struct nta_proc;
struct nta_sock;
struct nta_thread;
struct pid;

void nta_snapshot_fold(void);
bool nta_snapshot_proc(struct nta_proc *proc, struct nta_count count[NTA_FLOWS]);
struct nta_thread *nta_snapshot_find_thread(struct pid *pid);
bool nta_snapshot_thread(struct nta_thread *thread,
			 struct nta_count count[NTA_FLOWS]);
struct nta_thread *nta_snapshot_sock(struct nta_sock *s,
				     struct nta_count count[NTA_FLOWS]);

#endif /* _NTA_SNAPSHOT_H */
