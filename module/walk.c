// SPDX-License-Identifier: GPL-2.0-only
/*
 * Find the process that holds a descriptor of a socket without owner: walk over
 * all processes and search the tables of each. The first process found, which
 * is the oldest, becomes the owner.
 *
 * A walk gives each process a share of its time before it goes on with those
 * that need more, and nobody waits for its end.
 */
#include <linux/fdtable.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/udp.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "search.h"
#include "unowned.h"
#include "walk.h"

/*
 * What a process may cost, in descriptors, before all others had their turn, and
 * in all; what one may cost that a reader asks about, and what a task spends on
 * itself.
 */
#define NTA_WALK_SHARE		65536
#define NTA_WALK_MAX		4194304
#define NTA_WALK_ASKED		16384
#define NTA_WALK_CURRENT	2048
/*
 * Most sockets get an owner by their first send or receive: a walk begins when
 * one has waited this long.
 */
#define NTA_WALK_PATIENCE	(50 * NSEC_PER_MSEC)
/* A walk rests at least this long, and this many times its own duration. */
#define NTA_WALK_REST_MIN	(10 * NSEC_PER_MSEC)
#define NTA_WALK_REST_FACTOR	20
/* The same before one that a reader asks for, and how long that one waits. */
#define NTA_WALK_REST_ASKED	2
#define NTA_WALK_WAIT		(HZ / 10)
/* Walks that find nothing rest up to this long, and are made so many times. */
#define NTA_WALK_REST_MAX	(5ULL * NSEC_PER_SEC)
#define NTA_WALK_TRIES		8

static struct workqueue_struct *nta_walk_wq;
static void nta_walk_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(nta_walk_work, nta_walk_work_fn);

/* Written by the work alone, which is never under way twice. */
static struct nta_walk_stats nta_walks;
static u64 nta_walk_begun;

/* A walk is done. */
static DECLARE_WAIT_QUEUE_HEAD(nta_walk_done);

/* The module is being unloaded: a walk that is under way ends. */
static bool nta_walk_stopped;

/*
 * When the next walk may start, and one that a reader asks for; in ns of the
 * monotonic clock.
 */
static u64 nta_walk_earliest;
static u64 nta_walk_earliest_asked;

/* When the work is due; protected by the lock. */
static u64 nta_walk_due;
static DEFINE_SPINLOCK(nta_walk_due_lock);

/* The work will look at what is new. */
static bool nta_walk_kicked;

/* A reader wants a walk now. */
static bool nta_walk_asked;

/* What each CPU spends on the search for receivers, in descriptors a jiffy. */
struct nta_walk_allowance {
	unsigned long jiffy;
	long spent;
};

static DEFINE_PER_CPU(struct nta_walk_allowance, nta_walk_allowances);

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

/* Walk over all processes, each of which may cost @left. */
static void nta_walk_pass(struct nta_search *search, long left)
{
	struct task_struct *task = &init_task;

	search->cut = false;
	get_task_struct(task);
	while (nta_unowned_any_waiting() && !READ_ONCE(nta_walk_stopped) &&
	       (task = nta_walk_next(task))) {
		search->left = left;
		nta_search_process(search, task);
		cond_resched();
	}
	if (task)
		put_task_struct(task);
}

/* Walk over all processes while sockets without owner exist. */
static void nta_walk_all(void)
{
	struct nta_search search = { .holders = LONG_MAX };
	u64 start = ktime_get_ns(), end, took;
	u32 begin = jiffies;

	WRITE_ONCE(nta_walk_begun, nta_walk_begun + 1);
	nta_search_forget();
	nta_walk_pass(&search, NTA_WALK_SHARE);
	if (search.cut)
		nta_walk_pass(&search, NTA_WALK_MAX);
	nta_unowned_mark_sought(begin, !search.cut && !READ_ONCE(nta_walk_stopped));

	end = ktime_get_ns();
	took = end - start;
	WRITE_ONCE(nta_walks.descriptors, nta_walks.descriptors + search.descriptors);
	WRITE_ONCE(nta_walks.last_ns, took);
	WRITE_ONCE(nta_walks.walks, nta_walk_begun);
	WRITE_ONCE(nta_walk_earliest,
		   end + max_t(u64, NTA_WALK_REST_MIN, took * NTA_WALK_REST_FACTOR));
	WRITE_ONCE(nta_walk_earliest_asked, end + took * NTA_WALK_REST_ASKED);
}

/* Have the work run at @due, or before when that has been asked for already. */
static void nta_walk_schedule(u64 due)
{
	u64 now, wait;

	spin_lock_bh(&nta_walk_due_lock);
	now = ktime_get_ns();
	due = min(due, nta_walk_due);
	wait = due > now ? due - now : 0;
	nta_walk_due = due;
	mod_delayed_work(nta_walk_wq, &nta_walk_work,
			 wait ? nsecs_to_jiffies(wait + TICK_NSEC - 1) : 0);
	spin_unlock_bh(&nta_walk_due_lock);
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

/* When a reader that asked for a walk gets it; U64_MAX when there is none. */
static u64 nta_walk_due_asked(void)
{
	return READ_ONCE(nta_walk_asked) ? nta_walk_earliest_asked : U64_MAX;
}

static void nta_walk_work_fn(struct work_struct *work)
{
	static u64 rest, again = U64_MAX;
	static unsigned int tries;
	u64 due;

	spin_lock_bh(&nta_walk_due_lock);
	nta_walk_due = U64_MAX;
	spin_unlock_bh(&nta_walk_due_lock);

	due = nta_walk_due_new();
	if (due <= ktime_get_ns())
		tries = 0;
	due = min3(due, nta_walk_due_asked(), again);
	if (nta_unowned_any_waiting() && due <= ktime_get_ns()) {
		WRITE_ONCE(nta_walk_asked, false);
		nta_walk_all();
		/*
		 * Those left nobody holds, or not yet: look again, ever more rarely,
		 * and then no more until there are others or a reader asks.
		 */
		rest = clamp_t(u64, rest * 2, NTA_WALK_REST_MIN, NTA_WALK_REST_MAX);
		again = U64_MAX;
		if (++tries < NTA_WALK_TRIES)
			again = max(nta_walk_earliest, ktime_get_ns() + rest);
		due = nta_walk_due_new();
	}
	if (!nta_unowned_any_waiting()) {
		WRITE_ONCE(nta_walk_asked, false);
		rest = 0;
		again = U64_MAX;
	}
	wake_up_all(&nta_walk_done);
	due = min3(due, nta_walk_due_asked(), again);
	if (due != U64_MAX)
		nta_walk_schedule(due);
}

/* A socket without owner appeared: find its owner soon. Softirq or process. */
static void nta_walk_kick(void)
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
 * nta_walk_received - give the current task the socket that it receives from
 * @skb: what it receives, from a UDP socket that may have no owner
 *
 * Sockets that other processes hold too are left to a walk, for the oldest of
 * them. The system call takes a reference of its own when the table is shared.
 * Not more than some thousand descriptors are looked at, and for all that is
 * received in a jiffy not more than twice as many: a walk finds the rest.
 *
 * Context: process; does not sleep.
 */
void nta_walk_received(const struct sk_buff *skb)
{
	const struct files_struct *files = current->files;
	const u8 *header = skb_transport_header(skb);
	struct nta_walk_allowance *allowance;
	struct nta_search search = {
		.holders = 1,
		.alone = true,
		.left = NTA_WALK_CURRENT,
	};
	bool allowed;

	if (!files || !skb_transport_header_was_set(skb) ||
	    header + sizeof(struct udphdr) > skb_tail_pointer(skb))
		return;
	if (skb->protocol != htons(ETH_P_IP) && skb->protocol != htons(ETH_P_IPV6))
		return;
	search.port = ((const struct udphdr *)header)->dest;
	if (atomic_read(&files->count) > 1)
		search.holders = 2;

	allowance = get_cpu_ptr(&nta_walk_allowances);
	if (jiffies - allowance->jiffy) {
		allowance->jiffy = jiffies;
		allowance->spent = 0;
	}
	allowed = allowance->spent < NTA_WALK_CURRENT;
	put_cpu_ptr(&nta_walk_allowances);
	if (!allowed || !search.port)
		return;
	nta_search_current(&search);
	this_cpu_add(nta_walk_allowances.spent, NTA_WALK_CURRENT - search.left);
}

/**
 * nta_walk_end - give the current task, which ends, the sockets without owner
 * that nobody else holds
 *
 * Not more than some thousand descriptors are looked at.
 *
 * Context: process; does not sleep.
 */
void nta_walk_end(void)
{
	const struct files_struct *files = current->files;
	struct nta_search search = {
		.holders = 1,
		.alone = true,
		.left = NTA_WALK_CURRENT,
	};

	if (!files)
		return;
	/* Other threads that live on have the table. */
	if (atomic_read(&current->signal->live) && atomic_read(&files->count) > 1)
		return;
	nta_search_current(&search);
}

/**
 * nta_walk_now - find the owners of all sockets that have none, if that is soon
 * done
 *
 * Asks for a walk and gives it a tenth of a second: what it finds later is the
 * next reader's to see.
 *
 * Context: process; sleeps.
 */
void nta_walk_now(void)
{
	u64 walk = READ_ONCE(nta_walk_begun) + 1;

	if (!nta_unowned_any_waiting())
		return;
	WRITE_ONCE(nta_walk_asked, true);
	nta_walk_schedule(READ_ONCE(nta_walk_earliest_asked));
	wait_event_interruptible_timeout(nta_walk_done,
					 READ_ONCE(nta_walks.walks) >= walk ||
					 !nta_unowned_any_waiting(), NTA_WALK_WAIT);
}

/**
 * nta_walk_pid - give a process the sockets without owner that it alone holds
 * @pid: of the process or one of its threads
 *
 * What others may hold too is left to the walk that its first packet asked
 * for: the oldest of them is the owner, not the first one asked about. So is
 * what a process has beyond some ten thousand descriptors.
 *
 * Context: process; sleeps.
 */
void nta_walk_pid(struct pid *pid)
{
	struct nta_search search = {
		.holders = 1,
		.alone = true,
		.left = NTA_WALK_ASKED,
	};
	struct task_struct *task, *leader;

	if (!nta_unowned_any_waiting())
		return;
	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	leader = task ? task->group_leader : NULL;
	if (leader)
		get_task_struct(leader);
	rcu_read_unlock();
	if (!leader)
		return;
	nta_search_process(&search, leader);
	put_task_struct(leader);
}

/**
 * nta_walk_stats - read what walks cost
 * @stats: receives it
 *
 * Context: any; waits for nothing.
 */
void nta_walk_stats(struct nta_walk_stats *stats)
{
	stats->walks = READ_ONCE(nta_walks.walks);
	stats->descriptors = READ_ONCE(nta_walks.descriptors);
	stats->last_ns = READ_ONCE(nta_walks.last_ns);
}

/**
 * nta_walk_setup - get ready to walk
 *
 * Return: 0 or a negative errno.
 */
int nta_walk_setup(void)
{
	nta_walk_due = U64_MAX;
	nta_unowned_on_add(nta_walk_kick);
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
	WRITE_ONCE(nta_walk_stopped, true);
	cancel_delayed_work_sync(&nta_walk_work);
}

/**
 * nta_walk_teardown - free what setup made, after nta_walk_stop()
 */
void nta_walk_teardown(void)
{
	destroy_workqueue(nta_walk_wq);
}
