/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_TASK_H
#define _NTA_TASK_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/wait.h>

#include "stay.h"
#include "totals.h"

struct nta_sock;

/**
 * struct nta_proc - a process (thread group) that owns or owned sockets
 * @node: in the table of processes
 * @pid: identity, with a reference, so a reused number is another process
 * @ref: the table, each thread, and the list of exit records hold one
 * @lock: protects @count, @threads, @dead, and of each thread the counters,
 *	the list of sockets and their owners. Taken with bottom halves off
 * @dead: finished: nothing can be added any more
 * @watched: @wait is in the wait queue; nobody may finish the process before
 * @queued: waits for the exit work
 * @count: folded so far, by flow
 * @changed: when something was folded last, ns since boot
 * @threads: its threads that are known; removal needs nta_task_mutex too
 * @wait: called when the process ends; until it is @dead
 * @exits: among the processes that the exit work looks at
 * @record: among the exit records, once it is @dead
 * @number: of the exit record, likewise
 * @btime: start, seconds since the epoch
 * @start: the same, ns since boot
 * @end: end, likewise; 0 when it was not noticed. Written by @wait's callback, as
 *	are the following, for the end
 * @cgroup: id of its cgroup, 0 without
 * @uid: real user id
 * @ppid: process id of its parent
 * @netns: inode of the network namespace of the socket that it came to own last;
 *	under @lock
 * @command: name
 * @rcu: for the release
 */
struct nta_proc {
	struct rhash_head node;
	struct pid *pid;
	refcount_t ref;
	spinlock_t lock;
	bool dead;
	bool watched;
	unsigned long queued;
	struct nta_count count[NTA_FLOWS];
	u64 changed;
	struct list_head threads;
	union {
		struct wait_queue_entry wait;
		struct {
			struct rb_node record;
			u64 number;
		};
	};
	union {
		struct llist_node exits;
		struct rcu_head rcu;
	};
	u64 btime;
	u64 start;
	u64 end;
	u64 cgroup;
	kuid_t uid;
	u32 ppid;
	u32 netns;
	char command[TASK_COMM_LEN];
};

/**
 * struct nta_thread - a thread that owns or owned sockets
 * @node: in the table of threads
 * @pid: identity, with a reference
 * @ref: the table and each socket entry hold one
 * @linked: is among the threads of @proc; under the lock of that
 * @proc: its process, with a reference
 * @stay: the cgroup where it is; under the lock of @proc
 * @count: folded so far, by flow, of all interfaces but loopback
 * @loopback: the same over loopback, NTA_LOOPBACK being the first; NULL while there is
 *	nothing
 * @changed: as of the process
 * @link: among the threads of @proc
 * @socks: the socket entries it owns, each of which has a reference
 * @rcu: for the release, when there are no more
 */
struct nta_thread {
	struct rhash_head node;
	struct pid *pid;
	refcount_t ref;
	bool linked;
	struct nta_proc *proc;
	struct nta_stay stay;
	struct nta_count count[NTA_LOOPBACK];
	struct nta_count *loopback;
	u64 changed;
	struct list_head link;
	union {
		struct list_head socks;
		struct rcu_head rcu;
	};
};

/*
 * Whoever folds counters for a reader, collects, or removes a thread or a
 * process holds it; the packet path does not. Outermost of the module's locks.
 */
extern struct mutex nta_task_mutex;
extern struct rhashtable nta_procs;
extern struct rhashtable nta_threads;
extern unsigned int nta_max_tasks;
extern atomic64_t nta_task_overflows;
extern atomic_long_t nta_task_objects;

struct nta_thread *nta_thread_of(struct task_struct *task);
struct nta_thread *nta_thread_create(struct nta_proc *proc, struct pid *pid);
struct nta_thread *nta_thread_find(struct pid *pid);
struct nta_thread *nta_thread_peek(struct pid *pid);
struct nta_count *nta_thread_counts(struct nta_thread *thread, enum nta_flow flow);
void nta_thread_read(const struct nta_thread *thread, struct nta_count count[NTA_FLOWS]);
struct nta_proc *nta_proc_find(struct pid *pid);
void nta_thread_put(struct nta_thread *thread);
void nta_proc_put(struct nta_proc *proc);
bool nta_proc_get_maybe_zero(struct nta_proc *proc);
bool nta_thread_get_maybe_zero(struct nta_thread *thread);
void nta_proc_each(void (*visit)(struct nta_proc *proc, void *arg), void *arg);
bool nta_proc_is_silent(const struct nta_proc *proc);
bool nta_proc_finished(struct nta_proc *proc);
void nta_proc_unlink(struct nta_proc *proc);
void nta_thread_unlink(struct nta_thread *thread);
void nta_proc_describe(struct nta_proc *proc, struct task_struct *leader);

void nta_task_on_filling(void (*filling)(void));
void nta_proc_on_end(wait_queue_func_t wake, void (*ended)(struct nta_proc *proc));

int nta_task_setup(void);
void nta_task_clean(void);
void nta_task_teardown(void);

#endif /* _NTA_TASK_H */
