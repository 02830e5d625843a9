// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "identity.h"
#include "task.h"

DEFINE_MUTEX(nta_task_mutex);
struct rhashtable nta_procs;
struct rhashtable nta_threads;
unsigned int nta_max_tasks __read_mostly = 1 << 18;
atomic64_t nta_task_overflows;
atomic_long_t nta_task_objects;

/* What the floors above do when there is something to do for them. */
static void (*nta_task_filling)(void);
static wait_queue_func_t nta_proc_wake;
static void (*nta_proc_ended)(struct nta_proc *proc);

static struct kmem_cache *nta_proc_cache;
static struct kmem_cache *nta_thread_cache;

/* Entries are cache lines apart: the low bits of a pointer say nothing. */
static u32 nta_pid_hash(const void *data, u32 len, u32 seed)
{
	u64 x = (*(const unsigned long *)data >> 4) *
		(((u64)seed << 32 | seed) | 1);

	return (x >> 32) ^ (x >> 48);
}

static int nta_proc_compare(struct rhashtable_compare_arg *arg,
			    const void *entry)
{
	const struct nta_proc *proc = entry;

	return proc->pid != *(struct pid *const *)arg->key;
}

static int nta_thread_compare(struct rhashtable_compare_arg *arg,
			      const void *entry)
{
	const struct nta_thread *thread = entry;

	return thread->pid != *(struct pid *const *)arg->key;
}

/* Without a function of its own to compare, a table calls memcmp(). */
static const struct rhashtable_params nta_proc_params = {
	.key_len = sizeof(struct pid *),
	.key_offset = offsetof(struct nta_proc, pid),
	.head_offset = offsetof(struct nta_proc, node),
	.hashfn = nta_pid_hash,
	.obj_cmpfn = nta_proc_compare,
	.automatic_shrinking = true,
};

static const struct rhashtable_params nta_thread_params = {
	.key_len = sizeof(struct pid *),
	.key_offset = offsetof(struct nta_thread, pid),
	.head_offset = offsetof(struct nta_thread, node),
	.hashfn = nta_pid_hash,
	.obj_cmpfn = nta_thread_compare,
	.automatic_shrinking = true,
};

static void nta_proc_free(struct rcu_head *rcu)
{
	struct nta_proc *proc = container_of(rcu, struct nta_proc, rcu);

	put_pid(proc->pid);
	kmem_cache_free(nta_proc_cache, proc);
	atomic_long_dec(&nta_task_objects);
}

static void nta_thread_free(struct rcu_head *rcu)
{
	struct nta_thread *thread = container_of(rcu, struct nta_thread, rcu);

	put_pid(thread->pid);
	nta_stay_end(&thread->stay);
	kfree(thread->loopback);
	kmem_cache_free(nta_thread_cache, thread);
	atomic_long_dec(&nta_task_objects);
}

/**
 * nta_proc_put - put a reference to a process entry
 * @proc: the entry
 *
 * Context: any but hard interrupts.
 */
void nta_proc_put(struct nta_proc *proc)
{
	if (refcount_dec_and_test(&proc->ref))
		call_rcu(&proc->rcu, nta_proc_free);
}

/**
 * nta_thread_put - put a reference to a thread entry
 * @thread: the entry
 *
 * Context: any but hard interrupts.
 */
void nta_thread_put(struct nta_thread *thread)
{
	if (!refcount_dec_and_test(&thread->ref))
		return;
	nta_proc_put(thread->proc);
	call_rcu(&thread->rcu, nta_thread_free);
}

/**
 * nta_proc_get_maybe_zero - get a reference unless the entry is on its way out
 * @proc: the entry, found under RCU
 *
 * Return: whether the caller has a reference now.
 */
bool nta_proc_get_maybe_zero(struct nta_proc *proc)
{
	return refcount_inc_not_zero(&proc->ref);
}

/**
 * nta_thread_get_maybe_zero - get a reference unless the entry is on its way out
 * @thread: the entry, found under RCU
 *
 * Return: whether the caller has a reference now.
 */
bool nta_thread_get_maybe_zero(struct nta_thread *thread)
{
	return refcount_inc_not_zero(&thread->ref);
}

/**
 * nta_proc_is_silent - has a process moved nothing so far?
 * @proc: the process, perhaps with a socket that only listened
 *
 * Context: any, with the lock of @proc or when nothing can be folded any more.
 * Return: whether its counters are all zero.
 */
bool nta_proc_is_silent(const struct nta_proc *proc)
{
	u64 any = 0;
	int flow;

	for (flow = 0; flow < NTA_FLOWS; flow++)
		any |= proc->count[flow].packets;
	return !any;
}

/**
 * nta_proc_each - visit all processes that are known
 * @visit: called for each; may sleep
 * @arg: for @visit
 *
 * Those that come or go meanwhile are visited or not; while the table is being
 * resized one may be visited twice.
 *
 * Context: process; sleeps.
 */
void nta_proc_each(void (*visit)(struct nta_proc *proc, void *arg), void *arg)
{
	struct rhashtable_iter iter;
	struct nta_proc *proc;

	rhashtable_walk_enter(&nta_procs, &iter);
	rhashtable_walk_start(&iter);
	while ((proc = rhashtable_walk_next(&iter))) {
		/* An error says that the table is being resized: go on. */
		if (IS_ERR(proc) || !nta_proc_get_maybe_zero(proc))
			continue;
		rhashtable_walk_stop(&iter);
		visit(proc, arg);
		nta_proc_put(proc);
		cond_resched();
		rhashtable_walk_start(&iter);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/**
 * nta_proc_find - find the entry of a process
 * @pid: of the process
 *
 * Context: any but hard interrupts.
 * Return: the entry with a reference, or NULL.
 */
struct nta_proc *nta_proc_find(struct pid *pid)
{
	struct nta_proc *proc;

	rcu_read_lock();
	proc = rhashtable_lookup(&nta_procs, &pid, nta_proc_params);
	if (proc && !nta_proc_get_maybe_zero(proc))
		proc = NULL;
	rcu_read_unlock();
	return proc;
}

/**
 * nta_thread_peek - find the entry of a thread
 * @pid: of the thread
 *
 * Context: any but hard interrupts, under rcu_read_lock().
 * Return: the entry, valid until rcu_read_unlock(), perhaps on its way out; or
 * NULL.
 */
struct nta_thread *nta_thread_peek(struct pid *pid)
{
	return rhashtable_lookup(&nta_threads, &pid, nta_thread_params);
}

/* As nta_thread_peek(), with a reference. */
static struct nta_thread *nta_thread_get(struct pid *pid)
{
	struct nta_thread *thread = nta_thread_peek(pid);

	return thread && nta_thread_get_maybe_zero(thread) ? thread : NULL;
}

/**
 * nta_thread_find - find the entry of a thread
 * @pid: of the thread
 *
 * Context: any but hard interrupts.
 * Return: the entry with a reference, or NULL.
 */
struct nta_thread *nta_thread_find(struct pid *pid)
{
	struct nta_thread *thread;

	rcu_read_lock();
	thread = nta_thread_get(pid);
	rcu_read_unlock();
	return thread;
}

/**
 * nta_task_on_filling - say what is done when the tables are three quarters full
 * @filling: called in softirq or process context, perhaps often
 */
void nta_task_on_filling(void (*filling)(void))
{
	nta_task_filling = filling;
}

/**
 * nta_proc_on_end - say what is done when a process ends
 * @wake: called by the kernel from the wait queue of each process's pidfd
 * @ended: called instead when it ended before that
 */
void nta_proc_on_end(wait_queue_func_t wake, void (*ended)(struct nta_proc *proc))
{
	nta_proc_wake = wake;
	nta_proc_ended = ended;
}

/* Is there room for one more entry? If not, that is counted. */
static bool nta_task_room(void)
{
	unsigned int max = READ_ONCE(nta_max_tasks);
	unsigned int n = atomic_read(&nta_procs.nelems) +
			 atomic_read(&nta_threads.nelems);

	if (n >= max - max / 4)
		nta_task_filling();
	if (n < max)
		return true;
	atomic64_inc(&nta_task_overflows);
	return false;
}

/**
 * nta_proc_describe - note what will be known of a process when it is gone
 * @proc: the process
 * @leader: its first thread, under RCU
 *
 * Context: any, also with interrupts off.
 */
void nta_proc_describe(struct nta_proc *proc, struct task_struct *leader)
{
	/* The rest of a longer name that it had is nobody's business. */
	strscpy_pad(proc->command, leader->comm, sizeof(proc->command));
	proc->uid = task_uid(leader);
	proc->ppid = task_ppid_nr(leader);
	proc->cgroup = nta_task_cgroup(leader);
}

/**
 * nta_proc_finished - has every thread of a process ended and closed its files?
 * @proc: the process
 *
 * A thread gets its exit_state after its files are closed (do_exit() in the
 * kernel's exit.c), and all but the leader leave the group by themselves then.
 *
 * Context: any.
 */
bool nta_proc_finished(struct nta_proc *proc)
{
	struct task_struct *leader;
	bool finished;

	rcu_read_lock();
	leader = pid_task(proc->pid, PIDTYPE_TGID);
	finished = !leader || (READ_ONCE(leader->exit_state) &&
			       thread_group_empty(leader));
	rcu_read_unlock();
	return finished;
}

static struct nta_proc *nta_proc_create(struct task_struct *task,
					struct pid *pid)
{
	struct nta_proc *proc, *old;

	if (!nta_task_room())
		return NULL;
	proc = kmem_cache_zalloc(nta_proc_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!proc) {
		atomic64_inc(&nta_task_overflows);
		return NULL;
	}
	proc->pid = get_pid(pid);
	refcount_set(&proc->ref, 2);
	spin_lock_init(&proc->lock);
	INIT_LIST_HEAD(&proc->threads);
	proc->btime = nta_task_btime(task->group_leader);
	proc->start = task->group_leader->start_boottime;
	nta_proc_describe(proc, task->group_leader);
	init_waitqueue_func_entry(&proc->wait, nta_proc_wake);
	atomic_long_inc(&nta_task_objects);

	old = rhashtable_lookup_get_insert_fast(&nta_procs, &proc->node,
						nta_proc_params);
	if (!old) {
		add_wait_queue(&pid->wait_pidfd, &proc->wait);
		/* The exit work looks at them in the reverse order: one sees. */
		smp_store_mb(proc->watched, true);
		if (nta_proc_finished(proc))
			nta_proc_ended(proc);
		return proc;
	}
	call_rcu(&proc->rcu, nta_proc_free);
	if (!IS_ERR(old))
		return nta_proc_get_maybe_zero(old) ? old : NULL;
	atomic64_inc(&nta_task_overflows);
	return NULL;
}

/* The process of @task with a reference, or NULL. */
static struct nta_proc *nta_proc_of(struct task_struct *task)
{
	struct pid *pid = get_task_pid(task, PIDTYPE_TGID);
	struct nta_proc *proc = NULL;

	if (pid) {
		proc = nta_proc_find(pid);
		if (!proc)
			proc = nta_proc_create(task, pid);
	}
	put_pid(pid);
	return proc;
}

/*
 * Put a new thread among those of its process, unless that is finished. Who tells that it
 * goes to another cgroup looks for it there; so it may have gone before.
 */
static bool nta_thread_link(struct nta_thread *thread)
{
	struct nta_proc *proc = thread->proc;
	struct task_struct *task;

	spin_lock_bh(&proc->lock);
	if (!proc->dead) {
		task = pid_task(thread->pid, PIDTYPE_PID);
		if (task)
			nta_stay_leave(&thread->stay, task);
		list_add_tail_rcu(&thread->link, &proc->threads);
		thread->linked = true;
	}
	spin_unlock_bh(&proc->lock);
	return thread->linked;
}

/**
 * nta_thread_create - make the entry of a thread
 * @proc: its process, referenced
 * @pid: of the thread
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: the entry with a reference, also when somebody else has made it; NULL
 * when the process is finished, the table full or memory short.
 */
struct nta_thread *nta_thread_create(struct nta_proc *proc, struct pid *pid)
{
	struct nta_thread *thread, *old;

	if (!nta_task_room())
		return NULL;
	thread = kmem_cache_zalloc(nta_thread_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!thread) {
		atomic64_inc(&nta_task_overflows);
		return NULL;
	}
	refcount_inc(&proc->ref);
	thread->proc = proc;
	thread->pid = get_pid(pid);
	nta_stay_begin(&thread->stay, pid_task(pid, PIDTYPE_PID) ?:
				      pid_task(proc->pid, PIDTYPE_TGID));
	refcount_set(&thread->ref, 2);
	INIT_LIST_HEAD(&thread->link);
	INIT_LIST_HEAD(&thread->socks);
	atomic_long_inc(&nta_task_objects);

	old = rhashtable_lookup_get_insert_fast(&nta_threads, &thread->node,
						nta_thread_params);
	if (!old) {
		if (nta_thread_link(thread))
			return thread;
		rhashtable_remove_fast(&nta_threads, &thread->node,
				       nta_thread_params);
		nta_thread_put(thread);
		nta_thread_put(thread);
		return NULL;
	}
	nta_proc_put(proc);
	call_rcu(&thread->rcu, nta_thread_free);
	if (!IS_ERR(old))
		return refcount_inc_not_zero(&old->ref) ? old : NULL;
	atomic64_inc(&nta_task_overflows);
	return NULL;
}

/**
 * nta_thread_of - find or make the entry of a task
 * @task: the task, referenced or the current one
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: the entry with a reference; NULL when @task has ended, or when the
 * table is full or memory is short, which has been counted.
 */
struct nta_thread *nta_thread_of(struct task_struct *task)
{
	/* Freed after a grace period: needs no reference. */
	struct pid *pid = READ_ONCE(task->thread_pid);
	struct nta_thread *thread;
	struct nta_proc *proc;

	if (!pid)
		return NULL;
	thread = nta_thread_get(pid);
	if (likely(thread))
		return thread;
	proc = nta_proc_of(task);
	if (!proc)
		return NULL;
	thread = nta_thread_create(proc, pid);
	nta_proc_put(proc);
	return thread;
}

/**
 * nta_thread_counts - where is added what a thread carries?
 * @thread: the thread
 * @flow: NTA_TCP_SND or NTA_UDP_SND, perhaps plus NTA_LOOPBACK
 *
 * Context: softirq or process, the lock of its process held.
 * Return: its counters, by direction; NULL without memory.
 */
struct nta_count *nta_thread_counts(struct nta_thread *thread, enum nta_flow flow)
{
	if (flow < NTA_LOOPBACK)
		return &thread->count[flow];
	if (unlikely(!thread->loopback))
		thread->loopback = kcalloc(NTA_FLOWS - NTA_LOOPBACK,
					   sizeof(*thread->loopback),
					   GFP_ATOMIC | __GFP_NOWARN);
	return thread->loopback ? &thread->loopback[flow - NTA_LOOPBACK] : NULL;
}

/**
 * nta_thread_read - what has a thread carried, as far as that is folded?
 * @thread: the thread
 * @count: receives it, by flow
 *
 * Context: the lock of its process is held.
 */
void nta_thread_read(const struct nta_thread *thread, struct nta_count count[NTA_FLOWS])
{
	memcpy(count, thread->count, sizeof(thread->count));
	if (thread->loopback)
		memcpy(&count[NTA_LOOPBACK], thread->loopback, sizeof(thread->count));
	else
		memset(&count[NTA_LOOPBACK], 0, sizeof(thread->count));
}

/**
 * nta_thread_unlink - take a thread that owns nothing out of its process and the table
 * @thread: the thread
 *
 * Puts the reference of the table.
 *
 * Context: process, nta_task_mutex held.
 */
void nta_thread_unlink(struct nta_thread *thread)
{
	spin_lock_bh(&thread->proc->lock);
	thread->linked = false;
	list_del_rcu(&thread->link);
	spin_unlock_bh(&thread->proc->lock);
	rhashtable_remove_fast(&nta_threads, &thread->node, nta_thread_params);
	nta_thread_put(thread);
}

/**
 * nta_proc_unlink - take a finished process out of the table
 * @proc: the process, without threads
 *
 * The reference of the table becomes the caller's.
 *
 * Context: process, nta_task_mutex held.
 */
void nta_proc_unlink(struct nta_proc *proc)
{
	lockdep_assert_held(&nta_task_mutex);
	rhashtable_remove_fast(&nta_procs, &proc->node, nta_proc_params);
}

/**
 * nta_task_setup - make the tables of processes and threads
 *
 * Return: 0 or a negative errno.
 */
int nta_task_setup(void)
{
	int err = -ENOMEM;

	nta_proc_cache = KMEM_CACHE(nta_proc, 0);
	if (!nta_proc_cache)
		return err;
	nta_thread_cache = KMEM_CACHE(nta_thread, 0);
	if (!nta_thread_cache)
		goto err_proc_cache;
	err = rhashtable_init(&nta_procs, &nta_proc_params);
	if (err)
		goto err_thread_cache;
	err = rhashtable_init(&nta_threads, &nta_thread_params);
	if (err)
		goto err_procs;
	return 0;

err_procs:
	rhashtable_destroy(&nta_procs);
err_thread_cache:
	kmem_cache_destroy(nta_thread_cache);
err_proc_cache:
	kmem_cache_destroy(nta_proc_cache);
	return err;
}

static void nta_proc_destroy(void *entry, void *unused)
{
	struct nta_proc *proc = entry;

	remove_wait_queue(&proc->pid->wait_pidfd, &proc->wait);
	nta_proc_put(proc);
}

static void nta_thread_destroy(void *entry, void *unused)
{
	nta_thread_put(entry);
}

/**
 * nta_task_clean - empty the tables
 *
 * Afterwards no process calls the function that nta_proc_on_end() was given. Sockets must be gone
 * already: they hold references.
 */
void nta_task_clean(void)
{
	rhashtable_free_and_destroy(&nta_threads, nta_thread_destroy, NULL);
	rhashtable_free_and_destroy(&nta_procs, nta_proc_destroy, NULL);
}

/**
 * nta_task_teardown - free what setup made, after nta_task_clean()
 *
 * Nobody holds a reference to an entry any more.
 */
void nta_task_teardown(void)
{
	rcu_barrier();
	kmem_cache_destroy(nta_thread_cache);
	kmem_cache_destroy(nta_proc_cache);
}
