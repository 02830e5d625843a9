// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that go to another cgroup: what they carried before is the old one's.
 */
#include "fold.h"
#include "migrate.h"
#include "sock.h"
#include "task.h"

/* Sockets of a process that are folded at once. */
#define NTA_MIGRATE_MOST	1024

/**
 * nta_migrate - credit the cgroups that tasks of a process have left
 * @proc: the process
 *
 * Of a task with very many sockets, only the first are looked at: the new cgroup
 * gets what the others hold.
 *
 * Context: any but hard interrupts and NMI, also with interrupts off.
 */
void nta_migrate(struct nta_proc *proc)
{
	int left = NTA_MIGRATE_MOST;
	struct task_struct *task;
	struct nta_thread *t;
	struct nta_sock *s;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&proc->lock, flags);
	list_for_each_entry(t, &proc->threads, link) {
		task = pid_task(t->pid, PIDTYPE_PID);
		if (!task || !nta_stay_leave(&t->stay, task))
			continue;
		list_for_each_entry(s, &t->socks, link) {
			if (left-- <= 0)
				break;
			nta_fold_before(s, t);
		}
	}
	spin_unlock_irqrestore(&proc->lock, flags);
	rcu_read_unlock();
}
