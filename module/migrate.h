/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_MIGRATE_H
#define _NTA_MIGRATE_H

#include <linux/types.h>

struct nta_proc;
struct task_struct;

void nta_migrate_task(struct task_struct *task, bool threadgroup);
void nta_migrate_proc(struct nta_proc *proc);

#endif /* _NTA_MIGRATE_H */
