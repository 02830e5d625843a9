// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cgroup.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "identity.h"

/**
 * nta_task_btime - when a task started
 * @task: the task, referenced or under RCU
 *
 * Return: seconds since the epoch, rounded down.
 */
u64 nta_task_btime(struct task_struct *task)
{
	struct timespec64 boot;

	getboottime64(&boot);
	return div_u64(timespec64_to_ns(&boot) + task->start_boottime,
		       NSEC_PER_SEC);
}

/**
 * nta_task_cgroup - in which cgroup (v2) is a task?
 * @task: the task, under RCU
 *
 * Context: any.
 * Return: the id of the cgroup, which is the inode of its directory; 0 when the
 * kernel has no cgroups.
 */
u64 nta_task_cgroup(struct task_struct *task)
{
#ifdef CONFIG_CGROUPS
	return cgroup_id(task_dfl_cgroup(task));
#else
	return 0;
#endif
}
