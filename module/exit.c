// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that ended: noticed by the kernel's own notification of pidfds,
 * which comes when the last thread has closed its files, and kept as records
 * until a reader takes them.
 */
#include <linux/llist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "exit.h"
#include "task.h"

/* How long EMPTY_EXIT may keep its caller, and how often it looks. */
#define NTA_EXIT_PATIENCE	HZ
#define NTA_EXIT_LOOK		(HZ / 20)

unsigned int nta_max_exits __read_mostly = 1 << 16;

/**
 * struct nta_reader - a thread that takes exit records
 * @link: among the readers
 * @pid: the thread, with a reference
 * @busy: took a record and has not come back for another
 */
struct nta_reader {
	struct list_head link;
	struct pid *pid;
	bool busy;
};

static struct workqueue_struct *nta_exit_wq;
static LLIST_HEAD(nta_exit_queue_head);
static bool nta_exit_stopped;

/* Protects all below; never taken on the packet path. */
static DEFINE_SPINLOCK(nta_exit_lock);
static LIST_HEAD(nta_exit_records);
static LIST_HEAD(nta_exit_readers);
static struct nta_exit_stats nta_exits;

static DECLARE_WAIT_QUEUE_HEAD(nta_exit_filled);
static DECLARE_WAIT_QUEUE_HEAD(nta_exit_emptied);

static void nta_exit_add(struct nta_proc *proc)
{
	struct nta_proc *oldest = NULL;
	int flow;

	if (nta_proc_is_silent(proc)) {
		nta_proc_put(proc);
		return;
	}

	spin_lock(&nta_exit_lock);
	for (flow = 0; flow < NTA_FLOWS; flow++)
		nta_count_add(&nta_exits.exited[flow],
			      proc->count[flow].packets,
			      proc->count[flow].bytes);
	list_add_tail(&proc->record, &nta_exit_records);
	if (nta_exits.queued < READ_ONCE(nta_max_exits)) {
		nta_exits.queued++;
	} else {
		oldest = list_first_entry(&nta_exit_records, struct nta_proc,
					  record);
		list_del(&oldest->record);
		nta_exits.dropped++;
	}
	spin_unlock(&nta_exit_lock);
	if (oldest)
		nta_proc_put(oldest);
	wake_up_interruptible(&nta_exit_filled);
}

/* Turn a finished process into a record, once. */
static void nta_exit_finish(struct nta_proc *proc)
{
	bool dead;

	mutex_lock(&nta_task_mutex);
	spin_lock_bh(&proc->lock);
	dead = proc->dead;
	proc->dead = true;
	spin_unlock_bh(&proc->lock);
	if (!dead) {
		remove_wait_queue(&proc->pid->wait_pidfd, &proc->wait);
		nta_proc_remove(proc);
		nta_exit_add(proc);
	}
	mutex_unlock(&nta_task_mutex);
}

static void nta_exit_work_fn(struct work_struct *work)
{
	struct llist_node *queue = llist_del_all(&nta_exit_queue_head);
	struct nta_proc *proc, *next;

	queue = llist_reverse_order(queue);
	llist_for_each_entry_safe(proc, next, queue, exits) {
		clear_bit(0, &proc->queued);
		/* Pairs with test_and_set_bit(): an end after this queues again. */
		smp_mb__after_atomic();
		if (!READ_ONCE(nta_exit_stopped) &&
		    /* Pairs with smp_store_mb() where it is set. */
		    smp_load_acquire(&proc->watched) && nta_proc_finished(proc))
			nta_exit_finish(proc);
		nta_proc_put(proc);
		cond_resched();
	}
}

static DECLARE_WORK(nta_exit_work, nta_exit_work_fn);

/**
 * nta_exit_queue - have a process looked at, because it may have finished
 * @proc: the process
 *
 * Context: any, also with interrupts off.
 */
void nta_exit_queue(struct nta_proc *proc)
{
	if (READ_ONCE(nta_exit_stopped) || test_and_set_bit(0, &proc->queued))
		return;
	if (!nta_proc_get_maybe_zero(proc))
		return;
	llist_add(&proc->exits, &nta_exit_queue_head);
	queue_work(nta_exit_wq, &nta_exit_work);
}

/**
 * nta_exit_wake - the kernel tells that a process may have ended
 * @wait: in the entry of the process
 * @mode: unused
 * @flags: unused
 * @key: unused
 *
 * The kernel calls it, at times more than once, from do_notify_pidfd() when
 * the last thread is done; newer ones also for a leader that ends before its
 * threads.
 *
 * Context: process, interrupts off, tasklist_lock held for writing: nothing
 * here may take a lock that is ever held with interrupts on.
 * Return: 0, which leaves other waiters alone.
 */
int nta_exit_wake(struct wait_queue_entry *wait, unsigned int mode, int flags,
		  void *key)
{
	struct nta_proc *proc = container_of(wait, struct nta_proc, wait);
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(proc->pid, PIDTYPE_TGID);
	if (task) /* the rest of a longer name that it had is nobody's business */
		strscpy_pad(proc->command, task->comm, sizeof(proc->command));
	rcu_read_unlock();
	nta_exit_queue(proc);
	return 0;
}

/**
 * nta_exit_flush - make a record of each process that has ended by now
 *
 * Context: process.
 */
void nta_exit_flush(void)
{
	flush_work(&nta_exit_work);
}

/* The entry of a reader, or NULL; caller holds nta_exit_lock. */
static struct nta_reader *nta_reader_find(struct pid *pid)
{
	struct nta_reader *reader;

	list_for_each_entry(reader, &nta_exit_readers, link) {
		if (reader->pid == pid)
			return reader;
	}
	return NULL;
}

/* Forget readers that have ended; caller holds nta_exit_lock. */
static void nta_reader_prune(void)
{
	struct nta_reader *reader, *next;

	list_for_each_entry_safe(reader, next, &nta_exit_readers, link) {
		struct task_struct *task;
		bool alive;

		rcu_read_lock();
		task = pid_task(reader->pid, PIDTYPE_PID);
		alive = task && !READ_ONCE(task->exit_state);
		rcu_read_unlock();
		if (alive)
			continue;
		list_del(&reader->link);
		put_pid(reader->pid);
		kfree(reader);
	}
}

/* The calling thread asks for a record: it is done with the one before. */
static int nta_reader_enter(void)
{
	struct nta_reader *reader;

	spin_lock(&nta_exit_lock);
	reader = nta_reader_find(task_pid(current));
	if (reader)
		reader->busy = false;
	spin_unlock(&nta_exit_lock);
	if (reader) {
		wake_up_all(&nta_exit_emptied);
		return 0;
	}

	/* Nobody but the thread itself makes its entry. */
	reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	if (!reader)
		return -ENOMEM;
	reader->pid = get_task_pid(current, PIDTYPE_PID);
	spin_lock(&nta_exit_lock);
	nta_reader_prune();
	list_add_tail(&reader->link, &nta_exit_readers);
	spin_unlock(&nta_exit_lock);
	return 0;
}

/* The oldest record that the caller's PID namespace can name, or NULL. */
static struct nta_proc *nta_exit_pop(void)
{
	struct nta_reader *reader;
	struct nta_proc *proc;

	spin_lock(&nta_exit_lock);
	list_for_each_entry(proc, &nta_exit_records, record) {
		if (!pid_vnr(proc->pid))
			continue;
		list_del(&proc->record);
		nta_exits.queued--;
		reader = nta_reader_find(task_pid(current));
		if (reader)
			reader->busy = true;
		spin_unlock(&nta_exit_lock);
		return proc;
	}
	spin_unlock(&nta_exit_lock);
	return NULL;
}

/**
 * nta_exit_take - wait for an exit record and take it
 *
 * Context: process; sleeps until there is one or a signal comes.
 * Return: the process, whose counters are final, with a reference; or -EINTR
 * or -ENOMEM as an error pointer.
 */
struct nta_proc *nta_exit_take(void)
{
	struct nta_proc *proc;
	int err;

	err = nta_reader_enter();
	if (err)
		return ERR_PTR(err);
	err = wait_event_interruptible(nta_exit_filled,
				       (proc = nta_exit_pop()));
	return err ? ERR_PTR(-EINTR) : proc;
}

/**
 * nta_exit_untake - put a record back that could not be delivered
 * @proc: from nta_exit_take()
 *
 * It is the first that is taken again.
 *
 * Context: process.
 */
void nta_exit_untake(struct nta_proc *proc)
{
	struct nta_reader *reader;

	spin_lock(&nta_exit_lock);
	list_add(&proc->record, &nta_exit_records);
	nta_exits.queued++;
	reader = nta_reader_find(task_pid(current));
	if (reader)
		reader->busy = false;
	spin_unlock(&nta_exit_lock);
	wake_up_interruptible(&nta_exit_filled);
}

/* Are the readers done? -EAGAIN: not yet; -ESRCH: there is no reader. */
static int nta_exit_progress(void)
{
	struct nta_reader *reader;
	int busy = 0, err = 0;

	spin_lock(&nta_exit_lock);
	nta_reader_prune();
	list_for_each_entry(reader, &nta_exit_readers, link)
		busy |= reader->busy;
	if (busy || !list_empty(&nta_exit_records))
		err = list_empty(&nta_exit_readers) ? -ESRCH : -EAGAIN;
	spin_unlock(&nta_exit_lock);
	return err;
}

/**
 * nta_exit_wait_empty - wait until the readers are done with all records
 *
 * Done with a record is a reader that asks for the next. A reader that hangs
 * or stops keeps nobody longer than a second.
 *
 * Context: process; sleeps.
 * Return: 0, also when there is no reader to wait for; -ETIMEDOUT; -EINTR. When
 * records are left, that is counted in both cases.
 */
int nta_exit_wait_empty(void)
{
	unsigned long end = jiffies + NTA_EXIT_PATIENCE;
	int err;

	for (;;) {
		long left;

		left = wait_event_interruptible_timeout(nta_exit_emptied,
							(err = nta_exit_progress()) != -EAGAIN,
							NTA_EXIT_LOOK);
		if (left < 0)
			return -EINTR;
		if (err != -EAGAIN)
			break;
		if (time_after(jiffies, end)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	if (err) {
		spin_lock(&nta_exit_lock);
		nta_exits.timeouts++;
		spin_unlock(&nta_exit_lock);
	}
	return err == -ESRCH ? 0 : err;
}

/**
 * nta_exit_stats - read the state of the exit records
 * @stats: receives it
 *
 * Context: process.
 */
void nta_exit_stats(struct nta_exit_stats *stats)
{
	spin_lock(&nta_exit_lock);
	*stats = nta_exits;
	spin_unlock(&nta_exit_lock);
}

/**
 * nta_exit_setup - get ready to notice ends of processes
 *
 * Return: 0 or a negative errno.
 */
int nta_exit_setup(void)
{
	nta_exit_wq = alloc_workqueue("netatop_exit", WQ_UNBOUND | WQ_HIGHPRI, 1);
	return nta_exit_wq ? 0 : -ENOMEM;
}

/**
 * nta_exit_stop - make no more records
 *
 * Calls from ending processes may still come, and do nothing.
 */
void nta_exit_stop(void)
{
	WRITE_ONCE(nta_exit_stopped, true);
	cancel_work_sync(&nta_exit_work);
}

/**
 * nta_exit_teardown - free records and readers
 *
 * No process calls nta_exit_wake() any more, and no reader is inside.
 */
void nta_exit_teardown(void)
{
	struct nta_reader *reader, *next_reader;
	struct nta_proc *proc, *next;

	destroy_workqueue(nta_exit_wq);
	nta_exit_work_fn(&nta_exit_work);
	list_for_each_entry_safe(proc, next, &nta_exit_records, record)
		nta_proc_put(proc);
	list_for_each_entry_safe(reader, next_reader, &nta_exit_readers, link) {
		put_pid(reader->pid);
		kfree(reader);
	}
}
