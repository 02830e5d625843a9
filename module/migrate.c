// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that go to another cgroup: what they carried before is the old one's.
 */
#include "fold.h"
#include "migrate.h"
#include "sock.h"
#include "task.h"

/* Sockets that are folded at once. */
#define NTA_MIGRATE_MOST	1024

/*
 * If a thread has left its cgroup, credit that one with what its sockets hold, of which at
 * most @left, how many remain, are looked at. Under RCU and the lock of the process.
 */
static void nta_migrate_thread(struct nta_thread *t, int *left)
{
	struct task_struct *task = pid_task(t->pid, PIDTYPE_PID);
	struct nta_sock *s;

	if (!task || !nta_stay_leave(&t->stay, task))
		return;
	list_for_each_entry(s, &t->socks, link) {
		if ((*left)-- <= 0)
			break;
		nta_fold_before(s, t);
	}
}

static void nta_migrate_threads(struct nta_proc *proc)
{
	int left = NTA_MIGRATE_MOST;
	struct nta_thread *t;
	unsigned long flags;

	spin_lock_irqsave(&proc->lock, flags);
	list_for_each_entry(t, &proc->threads, link)
		nta_migrate_thread(t, &left);
	spin_unlock_irqrestore(&proc->lock, flags);
}

static void nta_migrate_one(struct nta_thread *t)
{
	int left = NTA_MIGRATE_MOST;
	unsigned long flags;

	spin_lock_irqsave(&t->proc->lock, flags);
	nta_migrate_thread(t, &left);
	spin_unlock_irqrestore(&t->proc->lock, flags);
}

/**
 * nta_migrate_task - a task has gone to another cgroup
 * @task: the task
 * @threadgroup: all of its process have
 *
 * Of very many sockets, only the first are looked at: the new cgroup gets what the
 * others hold. The kernel has just gone through the same threads with interrupts off.
 *
 * Context: any but hard interrupts and NMI, also with interrupts off.
 */
void nta_migrate_task(struct task_struct *task, bool threadgroup)
{
	struct nta_thread *t;
	struct nta_proc *proc;

	rcu_read_lock();
	if (threadgroup) {
		proc = task_tgid(task) ? nta_proc_find(task_tgid(task)) : NULL;
		if (proc) {
			nta_migrate_threads(proc);
			nta_proc_put(proc);
		}
	} else {
		t = task_pid(task) ? nta_thread_find(task_pid(task)) : NULL;
		if (t) {
			nta_migrate_one(t);
			nta_thread_put(t);
		}
	}
	rcu_read_unlock();
}

/**
 * nta_migrate_proc - look whether threads have gone to other cgroups unnoticed
 * @proc: the process
 *
 * Nothing tells of it on real-time kernels, and while accounting is off.
 *
 * Context: process, nta_task_mutex held.
 */
void nta_migrate_proc(struct nta_proc *proc)
{
	struct nta_thread *t;

	lockdep_assert_held(&nta_task_mutex);
	list_for_each_entry_rcu(t, &proc->threads, link,
				lockdep_is_held(&nta_task_mutex)) {
		rcu_read_lock();
		nta_migrate_one(t);
		rcu_read_unlock();
		cond_resched();
	}
}
