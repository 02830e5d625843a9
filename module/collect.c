// SPDX-License-Identifier: GPL-2.0-only
/*
 * The periodic work: forget threads that ended, sockets that went idle and
 * sockets whose owner was never found; and look whether somebody listens.
 */
#include <linux/workqueue.h>

#include "cgroup.h"
#include "collect.h"
#include "exit.h"
#include "migrate.h"
#include "owner.h"
#include "reap.h"
#include "sock.h"
#include "task.h"
#include "udp_end.h"
#include "unowned.h"

#define NTA_COLLECT_PERIOD	(5 * HZ)
/* When a table is filling up, it is collected this often at most. */
#define NTA_COLLECT_PAUSE	(HZ / 10)

static struct workqueue_struct *nta_collect_wq;
static void nta_collect_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(nta_collect_work, nta_collect_work_fn);
static unsigned long nta_collect_ended_at;

static void nta_collect_proc(struct nta_proc *proc, void *unused)
{
	unsigned int max = READ_ONCE(nta_max_sockets);
	struct nta_thread *thread;
	bool pressed;

	mutex_lock(&nta_task_mutex);
	if (proc->dead)
		goto unlock;
	pressed = atomic_read(&nta_socks.nelems) >= max - max / 4;
	nta_migrate_proc(proc);
	nta_reap_threads(proc);
	list_for_each_entry_rcu(thread, &proc->threads, link,
				lockdep_is_held(&nta_task_mutex))
		nta_owner_expire(thread, pressed);
unlock:
	mutex_unlock(&nta_task_mutex);
	if (nta_proc_finished(proc))
		nta_exit_queue(proc);
}

static void nta_collect_work_fn(struct work_struct *work)
{
	nta_proc_each(nta_collect_proc, NULL);
	nta_unowned_expire();
	nta_cgroup_expire();
	nta_udp_end_look();
	WRITE_ONCE(nta_collect_ended_at, jiffies);
	queue_delayed_work(nta_collect_wq, &nta_collect_work,
			   NTA_COLLECT_PERIOD);
}

/* A table is filling up: collect now. Softirq or process. */
static void nta_collect_kick(void)
{
	if (time_after(jiffies, READ_ONCE(nta_collect_ended_at) +
			       NTA_COLLECT_PAUSE))
		mod_delayed_work(nta_collect_wq, &nta_collect_work, 0);
}

/**
 * nta_collect_setup - start the periodic work
 *
 * Return: 0 or a negative errno.
 */
int nta_collect_setup(void)
{
	nta_collect_ended_at = jiffies;
	nta_collect_wq = alloc_workqueue("netatop_collect", WQ_UNBOUND, 1);
	if (!nta_collect_wq)
		return -ENOMEM;
	nta_sock_on_filling(nta_collect_kick);
	nta_task_on_filling(nta_collect_kick);
	queue_delayed_work(nta_collect_wq, &nta_collect_work,
			   NTA_COLLECT_PERIOD);
	return 0;
}

/**
 * nta_collect_stop - end the periodic work
 *
 * No packet may be under way that could ask for it.
 */
void nta_collect_stop(void)
{
	cancel_delayed_work_sync(&nta_collect_work);
	nta_udp_end_teardown();
}

/**
 * nta_collect_teardown - free what setup made, after nta_collect_stop()
 */
void nta_collect_teardown(void)
{
	destroy_workqueue(nta_collect_wq);
}
