/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel says of a task that names it: when it started, and where it is.
 */
#ifndef _NTA_IDENTITY_H
#define _NTA_IDENTITY_H

#include <linux/types.h>

struct task_struct;

u64 nta_task_btime(struct task_struct *task);
u64 nta_task_cgroup(struct task_struct *task);

#endif /* _NTA_IDENTITY_H */
