// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the process that holds a descriptor of a socket without owner, by
 * looking through the descriptor tables, as the kernel's net_cls controller
 * does (net/core/netclassid_cgroup.c) and with the same calls and locks. The
 * first process found, which is the oldest, becomes the owner.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/workqueue.h>

#include "owner.h"
#include "sock.h"
#include "unowned.h"
#include "walk.h"

/* Descriptors looked at while the table's lock is held. */
#define NTA_WALK_BATCH		256
/* How many of these batches a task spends on itself. */
#define NTA_WALK_CURRENT	8
/* Sockets found in one batch. */
#define NTA_WALK_FOUND		32
/*
 * Most sockets get an owner by their first send or receive: a walk begins when
 * one has waited this long.
 */
#define NTA_WALK_PATIENCE	(50 * NSEC_PER_MSEC)
/* A walk rests at least this long, and this many times its own duration. */
#define NTA_WALK_REST_MIN	(10 * NSEC_PER_MSEC)
#define NTA_WALK_REST_FACTOR	20
/* Walks that find nothing rest up to this long. */
#define NTA_WALK_REST_MAX	(5ULL * NSEC_PER_SEC)

/**
 * struct nta_walk - where a walk is
 * @budget: descriptors left in this batch
 * @n: how many entries of @found are used
 * @found: entries without owner whose socket the process holds
 * @holders: sockets whose file has more references are left to others
 * @descriptors: descriptors looked at
 */
struct nta_walk {
	unsigned int budget;
	unsigned int n;
	struct nta_sock *found[NTA_WALK_FOUND];
	long holders;
	u64 descriptors;
};

static struct workqueue_struct *nta_walk_wq;
static void nta_walk_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(nta_walk_work, nta_walk_work_fn);

/* One walk at a time; protects the statistics. */
static DEFINE_MUTEX(nta_walk_mutex);
static struct nta_walk_stats nta_walks;

/* When the next walk may start, and is due; in ns of the monotonic clock. */
static u64 nta_walk_earliest;
static u64 nta_walk_due;

/* The work will look at what is new. */
static bool nta_walk_kicked;

static void nta_walk_note(struct nta_walk *walk, struct sock *sk,
			  enum nta_flow flow)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	struct nta_sock *s;

	if (!cookie)
		return;
	s = nta_sock_find(nta_sock_key(cookie, flow));
	if (s && !rcu_access_pointer(s->owner))
		walk->found[walk->n++] = s;
}

static void nta_walk_sk(struct nta_walk *walk, struct sock *sk)
{
	if (!sk || (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return;
	switch (sk->sk_protocol) {
	case IPPROTO_UDP:
		nta_walk_note(walk, sk, NTA_UDP_SND);
		break;
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		nta_walk_note(walk, sk, NTA_TCP_SND);
		break;
	case IPPROTO_RAW:
		nta_walk_note(walk, sk, NTA_TCP_SND);
		nta_walk_note(walk, sk, NTA_UDP_SND);
		break;
	}
}

/* For each descriptor, the table's lock held; not 0 ends the batch. */
static int nta_walk_fd(const void *data, struct file *file, unsigned int fd)
{
	struct nta_walk *walk = (struct nta_walk *)data;
	struct socket *sock = sock_from_file(file);

	walk->descriptors++;
	if (sock && file_count(file) <= walk->holders)
		nta_walk_sk(walk, READ_ONCE(sock->sk));
	if (--walk->budget && walk->n + 2 <= NTA_WALK_FOUND)
		return 0;
	return fd + 1;
}

/*
 * Look through one batch of the descriptors of @task, which the caller holds,
 * from @fd on, and make @owner, of the same process, the owner of what is
 * found. Returns where the next batch begins, 0 when this was the last.
 */
static int nta_walk_batch(struct nta_walk *walk, struct task_struct *task,
			  int fd, struct task_struct *owner)
{
	unsigned int i;

	walk->budget = NTA_WALK_BATCH;
	walk->n = 0;
	rcu_read_lock();
	task_lock(task);
	fd = iterate_fd(task->files, fd, nta_walk_fd, walk);
	task_unlock(task);
	for (i = 0; i < walk->n; i++)
		nta_owner_resolve(walk->found[i], owner);
	rcu_read_unlock();
	return fd;
}

static void nta_walk_files(struct nta_walk *walk, struct task_struct *task,
			   struct task_struct *leader)
{
	int fd = 0;

	do {
		fd = nta_walk_batch(walk, task, fd, leader);
		cond_resched();
	} while (fd && nta_unowned_any());
}

/*
 * The @nth thread, referenced, whose descriptor table has to be looked at:
 * the first that has one, and those that have another than that.
 */
static struct task_struct *nta_walk_thread(struct task_struct *leader, int nth)
{
	struct files_struct *shared = NULL;
	struct task_struct *t;

	rcu_read_lock();
	for_each_thread(leader, t) {
		struct files_struct *files = READ_ONCE(t->files);

		if (!files || files == shared)
			continue;
		if (!shared)
			shared = files;
		if (nth-- == 0) {
			get_task_struct(t);
			rcu_read_unlock();
			return t;
		}
	}
	rcu_read_unlock();
	return NULL;
}

static void nta_walk_process(struct nta_walk *walk, struct task_struct *leader)
{
	struct task_struct *t;
	int nth;

	if (leader->flags & PF_KTHREAD)
		return;
	for (nth = 0; (t = nta_walk_thread(leader, nth)); nth++) {
		nta_walk_files(walk, t, leader);
		put_task_struct(t);
	}
}

/*
 * The process after @task in the kernel's list, which is in the order of
 * start, with a reference; puts @task. When @task has ended meanwhile the list
 * is searched for the first that is not older.
 */
static struct task_struct *nta_walk_next(struct task_struct *task)
{
	struct task_struct *next;

	rcu_read_lock();
	if (task == &init_task || pid_alive(task)) {
		next = next_task(task);
	} else {
		for_each_process(next) {
			if (next->start_boottime >= task->start_boottime)
				break;
		}
	}
	if (next == &init_task)
		next = NULL;
	else
		get_task_struct(next);
	rcu_read_unlock();
	put_task_struct(task);
	return next;
}

/* Walk over all processes while sockets without owner exist. */
static void nta_walk_all(void)
{
	struct nta_walk walk = { .holders = LONG_MAX };
	struct task_struct *task;
	u64 start = ktime_get_ns();
	u32 begin;

	mutex_lock(&nta_walk_mutex);
	begin = jiffies;
	get_task_struct(&init_task);
	task = &init_task;
	while (nta_unowned_any() && (task = nta_walk_next(task)))
		nta_walk_process(&walk, task);
	if (task)
		put_task_struct(task);
	nta_unowned_mark_sought(begin);

	nta_walks.walks++;
	nta_walks.descriptors += walk.descriptors;
	nta_walks.last_ns = ktime_get_ns() - start;
	WRITE_ONCE(nta_walk_earliest,
		   ktime_get_ns() + max_t(u64, NTA_WALK_REST_MIN,
					  nta_walks.last_ns * NTA_WALK_REST_FACTOR));
	mutex_unlock(&nta_walk_mutex);
}

/* Have the work run at @due, or before when that has been asked for already. */
static void nta_walk_schedule(u64 due)
{
	u64 now = ktime_get_ns();
	u64 wait;

	due = min(due, READ_ONCE(nta_walk_due));
	wait = due > now ? due - now : 0;
	WRITE_ONCE(nta_walk_due, due);
	mod_delayed_work(nta_walk_wq, &nta_walk_work,
			 nsecs_to_jiffies(wait + TICK_NSEC - 1));
}

/*
 * When the oldest of the sockets that no walk has looked for will have waited
 * long enough for one; U64_MAX when there is none.
 */
static u64 nta_walk_due_new(void)
{
	u64 waited;
	u32 since;

	WRITE_ONCE(nta_walk_kicked, false);
	/* What comes later kicks again, or is seen here. */
	smp_mb();
	if (!nta_unowned_oldest(&since))
		return U64_MAX;
	WRITE_ONCE(nta_walk_kicked, true);
	waited = jiffies_to_nsecs((u32)jiffies - since);
	return max(READ_ONCE(nta_walk_earliest),
		   ktime_get_ns() + NTA_WALK_PATIENCE -
		   min_t(u64, waited, NTA_WALK_PATIENCE));
}

static void nta_walk_work_fn(struct work_struct *work)
{
	static u64 rest, again;
	u64 due;

	WRITE_ONCE(nta_walk_due, U64_MAX);
	due = nta_walk_due_new();
	if (!nta_unowned_any()) {
		rest = 0;
		again = 0;
		return;
	}
	if (again)
		due = min(due, again);
	if (due > ktime_get_ns() && due != U64_MAX) {
		nta_walk_schedule(due);
		return;
	}
	WRITE_ONCE(nta_walk_kicked, false);
	nta_walk_all();
	/* Those left nobody holds, or not yet: look again, ever more rarely. */
	rest = clamp_t(u64, rest * 2, NTA_WALK_REST_MIN, NTA_WALK_REST_MAX);
	again = max(READ_ONCE(nta_walk_earliest), ktime_get_ns() + rest);
	if (nta_unowned_any())
		nta_walk_schedule(again);
}

/**
 * nta_walk_kick - a socket without owner appeared: find its owner soon
 *
 * Context: softirq or process.
 */
void nta_walk_kick(void)
{
	/* Pairs with the one in nta_walk_due_new(). */
	smp_mb();
	if (READ_ONCE(nta_walk_kicked))
		return;
	WRITE_ONCE(nta_walk_kicked, true);
	nta_walk_schedule(max(READ_ONCE(nta_walk_earliest),
			      ktime_get_ns() + NTA_WALK_PATIENCE));
}

/**
 * nta_walk_current - give the current task the sockets without owner that it
 * alone holds
 * @receiving: it is in a system call that uses one of them
 *
 * What other processes hold too is left to a walk, for the oldest of them. A
 * system call takes a reference of its own when the table is shared. Not more
 * than some thousand descriptors are looked at: a walk finds the rest.
 *
 * Context: process; does not sleep.
 */
void nta_walk_current(bool receiving)
{
	bool shared = atomic_read(&current->files->count) > 1;
	struct nta_walk walk = { .holders = receiving && shared ? 2 : 1 };
	int fd = 0, n = 0;

	do {
		fd = nta_walk_batch(&walk, current, fd, current);
	} while (fd && ++n < NTA_WALK_CURRENT && nta_unowned_any());
}

/**
 * nta_walk_now - find the owners of all sockets that have none
 *
 * Context: process; sleeps.
 */
void nta_walk_now(void)
{
	if (nta_unowned_any())
		nta_walk_all();
}

/**
 * nta_walk_pid - give a process the sockets without owner that it alone holds
 * @pid: of the process or one of its threads
 *
 * What others may hold too is left to the walk that its first packet asked
 * for: the oldest of them is the owner, not the first one asked about.
 *
 * Context: process; sleeps.
 */
void nta_walk_pid(struct pid *pid)
{
	struct nta_walk walk = { .holders = 1 };
	struct task_struct *task, *leader;

	if (!nta_unowned_any())
		return;
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	leader = task ? task->group_leader : NULL;
	if (leader)
		get_task_struct(leader);
	rcu_read_unlock();
	if (!leader)
		return;
	nta_walk_process(&walk, leader);
	put_task_struct(leader);
}

/**
 * nta_walk_stats - read what walks cost
 * @stats: receives it
 *
 * Context: process; sleeps.
 */
void nta_walk_stats(struct nta_walk_stats *stats)
{
	mutex_lock(&nta_walk_mutex);
	*stats = nta_walks;
	mutex_unlock(&nta_walk_mutex);
}

/**
 * nta_walk_setup - get ready to walk
 *
 * Return: 0 or a negative errno.
 */
int nta_walk_setup(void)
{
	nta_walk_due = U64_MAX;
	nta_walk_wq = alloc_workqueue("netatop_walk", WQ_UNBOUND, 1);
	return nta_walk_wq ? 0 : -ENOMEM;
}

/**
 * nta_walk_stop - end the walk that is under way and start no other
 *
 * No packet may be under way that could ask for one.
 */
void nta_walk_stop(void)
{
	cancel_delayed_work_sync(&nta_walk_work);
}

/**
 * nta_walk_teardown - free what setup made, after nta_walk_stop()
 */
void nta_walk_teardown(void)
{
	destroy_workqueue(nta_walk_wq);
}
