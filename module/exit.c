// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that ended: noticed by the kernel's own notification of pidfds,
 * which comes when the last thread has closed its files, and kept as records
 * until a reader takes them.
 */
#include <linux/llist.h>
#include <linux/pid_namespace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "exit.h"
#include "reap.h"
#include "record.h"
#include "task.h"

/*
 * How long EMPTY_EXIT may keep its caller, also by a reader that does not come
 * back, and how often it looks.
 */
#define NTA_EXIT_PATIENCE	HZ
#define NTA_EXIT_LOOK		(HZ / 20)

/* How long a reader that does not come back is remembered. */
#define NTA_EXIT_MEMORY		(3 * NTA_EXIT_PATIENCE)

/* Callers at a time, of the host's PID namespace and of all others: each. */
#define NTA_EXIT_READERS	64
#define NTA_EXIT_WAITERS	64

unsigned int nta_max_exits __read_mostly = 1 << 16;

/**
 * struct nta_reader - a thread that takes exit records
 * @link: among the readers
 * @pid: the thread, with a reference
 * @from: number of the first record that its PID namespace may be able to name
 * @left: when it went away, in jiffies
 * @inside: waits for a record
 * @busy: took a record and has not come back for another
 */
struct nta_reader {
	struct list_head link;
	struct pid *pid;
	u64 from;
	unsigned long left;
	bool inside;
	bool busy;
};

/**
 * enum nta_place - where a caller is
 * @NTA_HOST: in the host's PID namespace
 * @NTA_CONTAINER: in another one
 * @NTA_PLACES: how many there are
 *
 * Those in containers, however many, leave room for those of the host.
 */
enum nta_place {
	NTA_HOST,
	NTA_CONTAINER,
	NTA_PLACES,
};

static struct workqueue_struct *nta_exit_wq;
static LLIST_HEAD(nta_exit_queue_head);
static bool nta_exit_stopped;

/* Protects all below; never taken on the packet path. */
static DEFINE_SPINLOCK(nta_exit_lock);
static LIST_HEAD(nta_exit_readers);
static unsigned int nta_exit_nreaders[NTA_PLACES];
static unsigned int nta_exit_nwaiters[NTA_PLACES];
static struct nta_exit_stats nta_exits;

static DECLARE_WAIT_QUEUE_HEAD(nta_exit_filled);
static DECLARE_WAIT_QUEUE_HEAD(nta_exit_emptied);

/* What the floors above do with each process that ended. */
static void (*nta_exit_tell)(struct nta_proc *proc);

/**
 * nta_exit_on_record - say what is done with each process that ended
 * @tell: called once for each that has moved anything, with nta_task_mutex held;
 *	may sleep. Not NULL: it is called until nta_exit_stop()
 */
void nta_exit_on_record(void (*tell)(struct nta_proc *proc))
{
	WRITE_ONCE(nta_exit_tell, tell);
}

static void nta_exit_add(struct nta_proc *proc)
{
	void (*tell)(struct nta_proc *proc) = READ_ONCE(nta_exit_tell);
	struct nta_proc *oldest = NULL;
	int flow;

	if (nta_proc_is_silent(proc)) {
		nta_proc_put(proc);
		return;
	}
	/* Before it is a record, which anybody may take and free. */
	if (tell)
		tell(proc);

	spin_lock(&nta_exit_lock);
	for (flow = 0; flow < NTA_FLOWS; flow++)
		nta_count_add(&nta_exits.exited[flow],
			      proc->count[flow].packets,
			      proc->count[flow].bytes);
	nta_record_append(proc);
	nta_exits.queued++;
	if (nta_exits.queued > READ_ONCE(nta_max_exits)) {
		oldest = nta_record_from(0);
		nta_record_remove(oldest);
		nta_exits.queued--;
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
		nta_reap_proc(proc);
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

/*
 * The kernel tells that a process may have ended, at times more than once,
 * from do_notify_pidfd() when the last thread is done; newer ones also for a
 * leader that ends before its threads, and from __change_pid() when a process
 * is reaped, which has no parent any longer then and is described before.
 * Process context, interrupts off, tasklist_lock held for writing: nothing
 * here may take a lock that is ever held with interrupts on. Returns 0, which
 * leaves other waiters alone.
 */
static int nta_exit_wake(struct wait_queue_entry *wait, unsigned int mode,
			 int flags, void *key)
{
	struct nta_proc *proc = container_of(wait, struct nta_proc, wait);
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(proc->pid, PIDTYPE_TGID);
	if (task && pid_alive(task)) {
		nta_proc_describe(proc, task);
		proc->end = ktime_get_boottime_ns();
	}
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

static enum nta_place nta_exit_place(struct pid *pid)
{
	return ns_of_pid(pid) == &init_pid_ns ? NTA_HOST : NTA_CONTAINER;
}

/* The entry of the calling thread, or NULL; caller holds nta_exit_lock. */
static struct nta_reader *nta_reader_self(void)
{
	struct nta_reader *reader;

	list_for_each_entry(reader, &nta_exit_readers, link) {
		if (reader->pid == task_pid(current))
			return reader;
	}
	return NULL;
}

static bool nta_reader_is_alive(const struct nta_reader *reader)
{
	struct task_struct *task;
	bool alive;

	rcu_read_lock();
	task = pid_task(reader->pid, PIDTYPE_PID);
	alive = task && !READ_ONCE(task->exit_state);
	rcu_read_unlock();
	return alive;
}

/* Has it been away for longer than this? */
static bool nta_reader_is_away(const struct nta_reader *reader, unsigned long time)
{
	return !reader->inside && time_after(jiffies, reader->left + time);
}

/* Forget readers that have ended or stay away; caller holds nta_exit_lock. */
static void nta_reader_prune(void)
{
	struct nta_reader *reader, *next;

	list_for_each_entry_safe(reader, next, &nta_exit_readers, link) {
		if (nta_reader_is_alive(reader) &&
		    !nta_reader_is_away(reader, NTA_EXIT_MEMORY))
			continue;
		list_del(&reader->link);
		nta_exit_nreaders[nta_exit_place(reader->pid)]--;
		put_pid(reader->pid);
		kfree(reader);
	}
}

/* Nobody but the thread itself makes its entry. */
static int nta_reader_make(void)
{
	struct nta_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);
	unsigned int *n;
	int err = 0;

	if (!reader)
		return -ENOMEM;
	reader->pid = get_task_pid(current, PIDTYPE_PID);
	reader->inside = true;
	n = &nta_exit_nreaders[nta_exit_place(reader->pid)];
	spin_lock(&nta_exit_lock);
	nta_reader_prune();
	if (*n < NTA_EXIT_READERS) {
		list_add_tail(&reader->link, &nta_exit_readers);
		++*n;
	} else {
		err = -EBUSY;
	}
	spin_unlock(&nta_exit_lock);
	if (err) {
		put_pid(reader->pid);
		kfree(reader);
	}
	return err;
}

/* The calling thread asks for a record: it is done with the one before. */
static int nta_reader_enter(void)
{
	struct nta_reader *reader;

	spin_lock(&nta_exit_lock);
	reader = nta_reader_self();
	if (reader) {
		reader->busy = false;
		reader->inside = true;
	}
	spin_unlock(&nta_exit_lock);
	if (!reader)
		return nta_reader_make();
	wake_up_all(&nta_exit_emptied);
	return 0;
}

/*
 * The calling thread goes; nobody forgets it before, for it is inside. Caller
 * holds nta_exit_lock.
 */
static void nta_reader_leave(struct nta_reader *reader, bool busy)
{
	reader->inside = false;
	reader->busy = busy;
	reader->left = jiffies;
}

/* The oldest record that the caller's PID namespace can name, or NULL. */
static struct nta_proc *nta_exit_pop(void)
{
	struct nta_reader *reader;
	struct nta_proc *proc;
	bool end;

	do {
		spin_lock(&nta_exit_lock);
		reader = nta_reader_self();
		proc = nta_record_look(ns_of_pid(reader->pid), &reader->from);
		if (proc) {
			nta_record_remove(proc);
			nta_exits.queued--;
			nta_reader_leave(reader, true);
		}
		end = nta_record_is_end(reader->from);
		spin_unlock(&nta_exit_lock);
		cond_resched();
	} while (!proc && !end);
	return proc;
}

/**
 * nta_exit_take - wait for an exit record and take it
 *
 * Context: process; sleeps until there is one or a signal comes.
 * Return: the process, whose counters are final, with a reference; or -EINTR,
 * -ENOMEM or, when too many threads are readers, -EBUSY as an error pointer.
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
	if (!err)
		return proc;
	spin_lock(&nta_exit_lock);
	nta_reader_leave(nta_reader_self(), false);
	spin_unlock(&nta_exit_lock);
	return ERR_PTR(-EINTR);
}

/**
 * nta_exit_untake - put a record back that could not be delivered
 * @proc: from nta_exit_take()
 *
 * It is again before those that came after it.
 *
 * Context: process.
 */
void nta_exit_untake(struct nta_proc *proc)
{
	struct nta_reader *reader;

	spin_lock(&nta_exit_lock);
	nta_record_insert(proc);
	nta_exits.queued++;
	list_for_each_entry(reader, &nta_exit_readers, link) {
		reader->from = min(reader->from, proc->number);
		if (reader->pid == task_pid(current))
			reader->busy = false;
	}
	spin_unlock(&nta_exit_lock);
	wake_up_interruptible(&nta_exit_filled);
}

/**
 * struct nta_exit_wait - a call of EMPTY_EXIT
 * @begin: since when, in jiffies
 * @from: number of the first record that the caller may be able to name
 * @late: a reader has not come back in time
 */
struct nta_exit_wait {
	unsigned long begin;
	u64 from;
	bool late;
};

/*
 * Are the readers done? A reader counts when it can name all that the caller
 * can, and therefore the caller: nobody waits for a reader in a container but
 * that container. One that stays away counts no more. Caller holds nta_exit_lock.
 */
static int nta_exit_judge(struct nta_exit_wait *wait, bool left)
{
	bool able = false, busy = false;
	struct nta_reader *reader;

	nta_reader_prune();
	list_for_each_entry(reader, &nta_exit_readers, link) {
		if (!pid_nr_ns(task_pid(current), ns_of_pid(reader->pid)))
			continue;
		if (!nta_reader_is_away(reader, NTA_EXIT_PATIENCE)) {
			able = true;
			busy |= reader->busy;
		} else if (reader->busy) {
			wait->late |= time_after(reader->left + NTA_EXIT_PATIENCE,
						 wait->begin);
		}
	}
	if (!busy && !left)
		return 0;
	return able ? -EAGAIN : -ESRCH;
}

/* As above. -EAGAIN: not yet; -ESRCH: there is no reader. */
static int nta_exit_progress(struct nta_exit_wait *wait)
{
	struct nta_proc *left;
	int err = 0;
	bool end;

	do {
		spin_lock(&nta_exit_lock);
		left = nta_record_look(task_active_pid_ns(current), &wait->from);
		end = left || nta_record_is_end(wait->from);
		if (end)
			err = nta_exit_judge(wait, left);
		spin_unlock(&nta_exit_lock);
		cond_resched();
	} while (!end);
	return err;
}

static int nta_exit_wait(void)
{
	struct nta_exit_wait wait = { .begin = jiffies };
	long left;
	int err;

	for (;;) {
		left = wait_event_interruptible_timeout(nta_exit_emptied,
							(err = nta_exit_progress(&wait)) != -EAGAIN,
							NTA_EXIT_LOOK);
		if (left < 0)
			return -EINTR;
		if (err == -EAGAIN &&
		    time_after(jiffies, wait.begin + NTA_EXIT_PATIENCE))
			return -ETIMEDOUT;
		if (err != -EAGAIN)
			return wait.late ? -ETIMEDOUT : err;
	}
}

/**
 * nta_exit_wait_empty - wait until the readers are done with all records
 *
 * Done with a record is a reader that asks for the next. A reader that hangs
 * or stops keeps nobody longer than a second, and nobody twice.
 *
 * Context: process; sleeps.
 * Return: 0, also when there is no reader to wait for; -ETIMEDOUT; -EINTR; -EBUSY
 * when too many wait already. When records are left, or a reader has not come
 * back, that is counted.
 */
int nta_exit_wait_empty(void)
{
	unsigned int *n = &nta_exit_nwaiters[nta_exit_place(task_pid(current))];
	bool full;
	int err;

	spin_lock(&nta_exit_lock);
	full = *n >= NTA_EXIT_WAITERS;
	*n += !full;
	spin_unlock(&nta_exit_lock);
	if (full)
		return -EBUSY;
	err = nta_exit_wait();
	spin_lock(&nta_exit_lock);
	--*n;
	nta_exits.timeouts += err == -ETIMEDOUT || err == -ESRCH;
	spin_unlock(&nta_exit_lock);
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
	nta_proc_on_end(nta_exit_wake, nta_exit_queue);
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
	struct nta_proc *proc;

	destroy_workqueue(nta_exit_wq);
	nta_exit_work_fn(&nta_exit_work);
	while ((proc = nta_record_from(0))) {
		nta_record_remove(proc);
		nta_proc_put(proc);
	}
	list_for_each_entry_safe(reader, next_reader, &nta_exit_readers, link) {
		put_pid(reader->pid);
		kfree(reader);
	}
}
