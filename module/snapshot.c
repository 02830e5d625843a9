// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a process or a thread has moved by now, for whoever reads it.
 */
#include <linux/string.h>

#include "migrate.h"
#include "owner.h"
#include "reap.h"
#include "snapshot.h"
#include "sock.h"
#include "task.h"

/**
 * nta_snapshot_proc - what has a process moved by now?
 * @proc: the process, referenced
 * @count: receives it
 *
 * Context: process; sleeps.
 * Return: false when it has ended, or has moved nothing so far.
 */
bool nta_snapshot_proc(struct nta_proc *proc, struct nta_count count[NTA_FLOWS])
{
	bool any = false;

	mutex_lock(&nta_task_mutex);
	if (!proc->dead) {
		nta_reap_threads(proc);
		nta_owner_fold_proc(proc);
		spin_lock_bh(&proc->lock);
		memcpy(count, proc->count, sizeof(proc->count));
		any = !nta_proc_is_silent(proc);
		spin_unlock_bh(&proc->lock);
	}
	mutex_unlock(&nta_task_mutex);
	return any;
}

static void nta_snapshot_fold_proc(struct nta_proc *proc, void *unused)
{
	mutex_lock(&nta_task_mutex);
	if (!proc->dead) {
		nta_migrate_proc(proc);
		nta_reap_threads(proc);
		nta_owner_fold_proc(proc);
	}
	mutex_unlock(&nta_task_mutex);
}

/**
 * nta_snapshot_fold - bring the sums over tasks up to date, those of cgroups
 *
 * Context: process; sleeps.
 */
void nta_snapshot_fold(void)
{
	nta_proc_each(nta_snapshot_fold_proc, NULL);
}

/**
 * nta_snapshot_find_thread - find a thread that is to be read
 * @pid: of the thread
 *
 * A leader is the heir of threads that have ended, and may get its entry by that.
 *
 * Context: process; sleeps.
 * Return: the entry with a reference, or NULL.
 */
struct nta_thread *nta_snapshot_find_thread(struct pid *pid)
{
	struct nta_proc *proc = nta_proc_find(pid);

	if (proc) {
		mutex_lock(&nta_task_mutex);
		if (!proc->dead)
			nta_reap_threads(proc);
		mutex_unlock(&nta_task_mutex);
		nta_proc_put(proc);
	}
	return nta_thread_find(pid);
}

/**
 * nta_snapshot_thread - what has a thread moved by now?
 * @thread: the thread, referenced
 * @count: receives it
 *
 * Context: process; sleeps.
 * Return: false when its process has ended, or has moved nothing so far.
 */
bool nta_snapshot_thread(struct nta_thread *thread,
			 struct nta_count count[NTA_FLOWS])
{
	struct nta_proc *proc = thread->proc;
	bool any = false;

	mutex_lock(&nta_task_mutex);
	if (!proc->dead) {
		/* A leader is the heir of threads that have ended. */
		if (thread->pid == proc->pid)
			nta_reap_threads(proc);
		nta_owner_fold_thread(thread);
		spin_lock_bh(&proc->lock);
		nta_thread_read(thread, count);
		any = !nta_proc_is_silent(proc);
		spin_unlock_bh(&proc->lock);
	}
	mutex_unlock(&nta_task_mutex);
	return any;
}

static void nta_snapshot_folded(struct nta_sock *s, struct nta_count count[NTA_FLOWS])
{
	struct nta_part part;
	enum nta_dir dir;
	int n;

	memset(count, 0, NTA_FLOWS * sizeof(*count));
	for (n = 0; nta_sock_part(s, n, &part); n++) {
		for (dir = NTA_SND; dir < NTA_DIRS; dir++)
			count[part.flow + dir] = (struct nta_count) {
				READ_ONCE(part.folded[dir].packets),
				READ_ONCE(part.folded[dir].bytes),
			};
	}
}

static void nta_snapshot_add(struct nta_sock *s, struct nta_count count[NTA_FLOWS])
{
	struct nta_part part;
	enum nta_dir dir;
	int n;

	for (n = 0; nta_sock_part(s, n, &part); n++) {
		for (dir = NTA_SND; dir < NTA_DIRS; dir++) {
			struct nta_count held = nta_held_look(part.held, dir);

			nta_count_add(&count[part.flow + dir], held.packets, held.bytes);
		}
	}
}

/*
 * As nta_snapshot_sock(), once. An entry is folded under the lock of its owner:
 * what it holds is taken first, then added to what has been folded. False when it
 * may have been taken and not been added, because @t is not the owner.
 */
static bool nta_snapshot_try(struct nta_sock *s, const struct nta_thread *t,
			     struct nta_count count[NTA_FLOWS])
{
	struct nta_count before[NTA_FLOWS], after[NTA_FLOWS];
	bool same;

	nta_snapshot_folded(s, before);
	memcpy(count, before, sizeof(before));
	/* What had been taken by then had been added. */
	smp_rmb();
	nta_snapshot_add(s, count);
	/* Who took it meanwhile is the owner now, or was. */
	smp_rmb();
	same = rcu_access_pointer(s->owner) == t;
	/* Who was has added it; pairs with nta_owner_detach(). */
	smp_rmb();
	nta_snapshot_folded(s, after);
	return same && !memcmp(before, after, sizeof(after));
}

/* The same, under the lock of @t unless it is NULL. */
static bool nta_snapshot_try_locked(struct nta_sock *s, const struct nta_thread *t,
				    struct nta_count count[NTA_FLOWS])
{
	bool done;

	if (!t)
		return nta_snapshot_try(s, t, count);
	spin_lock_bh(&t->proc->lock);
	done = nta_snapshot_try(s, t, count);
	spin_unlock_bh(&t->proc->lock);
	return done;
}

/**
 * nta_snapshot_sock - who owns a socket, and what has it carried by now?
 * @s: its entry
 * @count: receives what it has carried since it is known, by flow
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: the owner, valid until rcu_read_unlock(); NULL when it has none.
 */
struct nta_thread *nta_snapshot_sock(struct nta_sock *s,
				     struct nta_count count[NTA_FLOWS])
{
	struct nta_thread *t;

	do {
		t = rcu_dereference(s->owner);
	} while (!nta_snapshot_try_locked(s, t, count));
	return t;
}
