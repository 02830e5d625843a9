// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes threads and processes that have ended out of the tables, with all that
 * they own.
 */
#include "owner.h"
#include "reap.h"
#include "task.h"

/*
 * Forget a thread that has ended while its process lives. Its counts stay in
 * the process; its sockets go to the leader, whose entry is made when there is
 * none, or are forgotten when that fails.
 */
static void nta_reap_thread(struct nta_thread *thread)
{
	struct nta_proc *proc = thread->proc;
	struct nta_thread *leader;
	bool heir;

	rcu_read_lock();
	leader = nta_thread_find(proc->pid);
	if (!leader)
		leader = nta_thread_create(proc, proc->pid);
	rcu_read_unlock();

	spin_lock_bh(&proc->lock);
	thread->linked = false;
	/* Only who holds nta_task_mutex takes this back. */
	heir = leader && leader->linked;
	spin_unlock_bh(&proc->lock);
	if (heir)
		nta_owner_inherit(thread, leader);
	else
		nta_owner_release(thread);
	if (leader)
		nta_thread_put(leader);
	nta_thread_unlink(thread);
}

/* The leader's entry is the heir of all others: it stays. */
static bool nta_reap_is_due(const struct nta_thread *thread)
{
	bool ended;

	rcu_read_lock();
	ended = thread->pid != thread->proc->pid &&
		!pid_task(thread->pid, PIDTYPE_PID);
	rcu_read_unlock();
	return ended;
}

/**
 * nta_reap_threads - forget the threads of a process that have ended
 * @proc: the process, not finished
 *
 * Context: process, nta_task_mutex held.
 */
void nta_reap_threads(struct nta_proc *proc)
{
	struct nta_thread *thread, *next;

	lockdep_assert_held(&nta_task_mutex);
	list_for_each_entry_safe(thread, next, &proc->threads, link) {
		if (nta_reap_is_due(thread))
			nta_reap_thread(thread);
	}
}

/**
 * nta_reap_proc - take a finished process and its threads out of the tables
 * @proc: the process, marked dead, so that nothing is added to it
 *
 * Afterwards its counters are final. The reference of the table becomes the
 * caller's.
 *
 * Context: process, nta_task_mutex held.
 */
void nta_reap_proc(struct nta_proc *proc)
{
	struct nta_thread *thread, *next;

	lockdep_assert_held(&nta_task_mutex);
	list_for_each_entry_safe(thread, next, &proc->threads, link) {
		nta_owner_release(thread);
		nta_thread_unlink(thread);
	}
	nta_proc_unlink(proc);
}
