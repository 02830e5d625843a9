// SPDX-License-Identifier: GPL-2.0-only
/* What task_fields.cocci has to find: each of these lines, and no other. */

static bool planted(struct task_struct *task)
{
	if (atomic_read(&task->files->count) > 1)		/* found */
		return false;
	if (READ_ONCE(current->mm))				/* found */
		return true;
	if (task_active_pid_ns(current))
		return task->real_parent == current;		/* found */
	return task_active_pid_ns(task);			/* found */
}

/* Only its own field may be read there. */
static int nta_walk_end(struct task_struct *task)
{
	int count = atomic_read(&current->files->count);

	return task->fs->users + count;				/* found */
}
