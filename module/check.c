// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's own audit: whatever was counted has been credited, and every
 * object that exists is known. Root has it made by reading the parameter
 * "check", at any time. An audit that finds something wrong is repeated, because
 * packets, ends of processes and grace periods go on meanwhile; wrong is what
 * stays wrong.
 */
#include <linux/delay.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "check.h"
#include "exit.h"
#include "frag.h"
#include "owner.h"
#include "param.h"
#include "sock.h"
#include "task.h"
#include "totals.h"
#include "unowned.h"
#include "walk.h"

#define NTA_CHECK_TRIES		25
#define NTA_CHECK_PAUSE_MS	40
/* Entries of a table that are looked at in one go. */
#define NTA_CHECK_BATCH		256

/**
 * struct nta_audit - what one look finds
 * @before: all packets, when it began
 * @after: all packets and the classes, when it ended
 * @credited: to processes, classes and what waits
 * @procs: processes found
 * @threads: threads found with them
 * @socks: sockets found
 * @unowned: those of them without owner
 * @excess: a thread that has more than its process was found
 */
struct nta_audit {
	struct nta_totals before;
	struct nta_totals after;
	struct nta_count credited[NTA_FLOWS];
	long procs;
	long threads;
	long socks;
	long unowned;
	bool excess;
};

static const char * const nta_check_flow[NTA_FLOWS] = {
	[NTA_TCP_SND] = "TCP sent",
	[NTA_TCP_RCV] = "TCP received",
	[NTA_UDP_SND] = "UDP sent",
	[NTA_UDP_RCV] = "UDP received",
	[NTA_LOOPBACK + NTA_TCP_SND] = "TCP sent over loopback",
	[NTA_LOOPBACK + NTA_TCP_RCV] = "TCP received over loopback",
	[NTA_LOOPBACK + NTA_UDP_SND] = "UDP sent over loopback",
	[NTA_LOOPBACK + NTA_UDP_RCV] = "UDP received over loopback",
};

/* One audit at a time, and none before setup or after teardown. */
static DEFINE_MUTEX(nta_check_mutex);
static bool nta_check_ready;

static void nta_check_add(struct nta_count sum[NTA_FLOWS],
			  const struct nta_count count[NTA_FLOWS])
{
	int flow;

	for (flow = 0; flow < NTA_FLOWS; flow++)
		nta_count_add(&sum[flow], count[flow].packets, count[flow].bytes);
}

static void nta_check_proc(struct nta_proc *proc, void *arg)
{
	struct nta_count threads[NTA_FLOWS] = {}, count[NTA_FLOWS];
	struct nta_audit *audit = arg;
	struct nta_thread *t;
	int flow;

	nta_owner_fold_proc(proc);
	list_for_each_entry_rcu(t, &proc->threads, link,
				lockdep_is_held(&nta_task_mutex)) {
		spin_lock_bh(&proc->lock);
		nta_thread_read(t, count);
		nta_check_add(threads, count);
		spin_unlock_bh(&proc->lock);
		audit->threads++;
	}
	spin_lock_bh(&proc->lock);
	nta_check_add(audit->credited, proc->count);
	for (flow = 0; flow < NTA_FLOWS; flow++)
		audit->excess |= threads[flow].packets > proc->count[flow].packets ||
				 threads[flow].bytes > proc->count[flow].bytes;
	spin_unlock_bh(&proc->lock);
	audit->procs++;
}

static void nta_check_socks(struct nta_audit *audit)
{
	struct rhashtable_iter iter;
	struct nta_sock *s;

	rhashtable_walk_enter(&nta_socks, &iter);
	rhashtable_walk_start(&iter);
	while ((s = rhashtable_walk_next(&iter))) {
		if (IS_ERR(s))
			continue;
		audit->unowned += !rcu_access_pointer(s->owner);
		if (++audit->socks % NTA_CHECK_BATCH)
			continue;
		rhashtable_walk_stop(&iter);
		cond_resched();
		rhashtable_walk_start(&iter);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

static void nta_check_look(struct nta_audit *audit, struct nta_exit_stats *exits)
{
	struct nta_unowned_sums unowned;
	int class;

	memset(audit, 0, sizeof(*audit));
	rcu_barrier();
	nta_exit_flush();
	nta_totals_read(&audit->before);

	mutex_lock(&nta_task_mutex);
	nta_proc_each(nta_check_proc, audit);
	nta_check_socks(audit);
	nta_unowned_sum(&unowned);
	nta_exit_stats(exits);
	mutex_unlock(&nta_task_mutex);

	nta_totals_read(&audit->after);
	nta_check_add(audit->credited, unowned.waiting);
	nta_check_add(audit->credited, unowned.kernel);
	nta_check_add(audit->credited, exits->exited);
	for (class = 0; class < NTA_CLASSES; class++)
		nta_check_add(audit->credited, audit->after.class[class]);
}

/* Objects that exist and objects that are known, as a complaint or nothing. */
static int nta_check_objects(const struct nta_audit *audit, long records,
			     char *text, size_t size)
{
	long socks = atomic_long_read(&nta_sock_objects);
	long tasks = atomic_long_read(&nta_task_objects);
	long known = audit->procs + audit->threads + records;

	if (socks != audit->socks)
		return scnprintf(text, size, "wrong: %ld sockets exist, %ld are known\n",
				 socks, audit->socks);
	if (nta_unowned_any() != audit->unowned)
		return scnprintf(text, size, "wrong: %u sockets wait for an owner, %ld have none\n",
				 nta_unowned_any(), audit->unowned);
	if (tasks != known)
		return scnprintf(text, size, "wrong: %ld tasks exist, %ld are known\n",
				 tasks, known);
	if (audit->excess)
		return scnprintf(text, size, "wrong: threads have more than their process\n");
	if (!nta_frag_intact())
		return scnprintf(text, size, "wrong: the records of fragments\n");
	return 0;
}

/* What was counted and what was credited, as a complaint or nothing. */
static int nta_check_counts(const struct nta_audit *audit, char *text, size_t size)
{
	const struct nta_count *all = audit->after.all, *credited = audit->credited;
	int flow;

	for (flow = 0; flow < NTA_FLOWS; flow++, all++, credited++) {
		if (!memcmp(all, credited, sizeof(*all)))
			continue;
		return scnprintf(text, size, "wrong: %s: %llu, %llu bytes; credited %llu, %llu\n",
				 nta_check_flow[flow], all->packets, all->bytes,
				 credited->packets, credited->bytes);
	}
	return 0;
}

/* One try; 0 when nothing is wrong, else the length of what is in @text. */
static int nta_check_try(char *text, size_t size)
{
	struct nta_exit_stats exits;
	struct nta_audit *audit;
	int len;

	audit = kmalloc(sizeof(*audit), GFP_KERNEL);
	if (!audit)
		return -ENOMEM;
	nta_check_look(audit, &exits);
	if (memcmp(audit->before.all, audit->after.all, sizeof(audit->after.all)))
		len = scnprintf(text, size, "busy: packets come all the time\n");
	else
		len = nta_check_objects(audit, exits.queued, text, size) ?:
		      nta_check_counts(audit, text, size);
	kfree(audit);
	return len;
}

/* Read by root: make the audit, say how it ended. */
static int nta_check_get(char *text, const struct kernel_param *kp)
{
	int len = -ENODEV, tries;

	if (!nta_param_allowed())
		return -EPERM;
	mutex_lock(&nta_check_mutex);
	for (tries = 0; nta_check_ready && tries < NTA_CHECK_TRIES; tries++) {
		if (tries && msleep_interruptible(NTA_CHECK_PAUSE_MS)) {
			len = -EINTR;
			break;
		}
		len = nta_check_try(text, PAGE_SIZE);
		if (len <= 0)
			break;
	}
	mutex_unlock(&nta_check_mutex);
	return len ?: scnprintf(text, PAGE_SIZE, "ok\n");
}

static int nta_check_set(const char *text, const struct kernel_param *kp)
{
	return -EPERM;
}

static const struct kernel_param_ops nta_check_ops = {
	.set = nta_check_set,
	.get = nta_check_get,
};

module_param_cb(check, &nta_check_ops, NULL, 0400);
MODULE_PARM_DESC(check, "to be read: is all that was counted credited, and every object known?");

/**
 * nta_check_setup - allow audits
 */
void nta_check_setup(void)
{
	mutex_lock(&nta_check_mutex);
	nta_check_ready = true;
	mutex_unlock(&nta_check_mutex);
}

/**
 * nta_check_teardown - wait for an audit that is being made, allow no other
 */
void nta_check_teardown(void)
{
	mutex_lock(&nta_check_mutex);
	nta_check_ready = false;
	mutex_unlock(&nta_check_mutex);
}
