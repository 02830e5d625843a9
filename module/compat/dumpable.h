/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May those who run as the same user look into a task?
 */
#ifndef _NTA_COMPAT_DUMPABLE_H
#define _NTA_COMPAT_DUMPABLE_H

#include <linux/mm_types.h>
#include <linux/sched/coredump.h>
#include <linux/sched/task.h>

/**
 * enum nta_dumpable - what a task says
 * @NTA_DUMPABLE_UNKNOWN: nothing, for it has no memory: it ends, or is the kernel's
 * @NTA_DUMPABLE_NO: they may not
 * @NTA_DUMPABLE_YES: they may
 */
enum nta_dumpable {
	NTA_DUMPABLE_UNKNOWN,
	NTA_DUMPABLE_NO,
	NTA_DUMPABLE_YES,
};

/* Both under RCU. */
#ifdef NTA_HAS_exec_state
/* 7.3 keeps it apart from the memory. */
#include <linux/sched/exec_state.h>

static inline enum nta_dumpable nta_dumpable(struct task_struct *task)
{
	struct task_exec_state *state = rcu_dereference(task->exec_state);

	if (!state || task->flags & (PF_KTHREAD | PF_EXITING))
		return NTA_DUMPABLE_UNKNOWN;
	return READ_ONCE(state->dumpable) == TASK_DUMPABLE_OWNER ?
		       NTA_DUMPABLE_YES : NTA_DUMPABLE_NO;
}
#else
static inline enum nta_dumpable nta_dumpable(struct task_struct *task)
{
	enum nta_dumpable dumpable = NTA_DUMPABLE_UNKNOWN;

	task_lock(task);
	if (task->mm && !(task->flags & PF_KTHREAD))
		dumpable = get_dumpable(task->mm) == SUID_DUMP_USER ?
				   NTA_DUMPABLE_YES : NTA_DUMPABLE_NO;
	task_unlock(task);
	return dumpable;
}
#endif

#endif /* _NTA_COMPAT_DUMPABLE_H */
