// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns a socket, and the transfer of what its entry counted to the owner.
 * An entry is always on one list: among the sockets of its owner, or among
 * the unowned ones. Whoever moves it holds its right to move.
 */
#include <linux/sched.h>

#include "owner.h"
#include "sock.h"
#include "task.h"
#include "unowned.h"
#include "walk.h"

/* After how many collections without traffic an entry is dropped. */
#define NTA_IDLE_TCP		24
#define NTA_IDLE_UDP		3

/* Number of the present fold, under nta_task_mutex; see nta_sock.stamp. */
static u32 nta_stamp;

#ifdef NETATOP_DEBUG
#include <linux/moduleparam.h>

static bool nta_break_credit;
module_param_named(break_credit, nta_break_credit, bool, 0644);
MODULE_PARM_DESC(break_credit, "lose what is folded, to see tests fail");
#else
static const bool nta_break_credit;
#endif

/* Credit what @s holds to @t and its process; caller holds the lock of that. */
static void nta_owner_fold(struct nta_sock *s, struct nta_thread *t)
{
	struct nta_proc *proc = t->proc;
	struct nta_count count;
	enum nta_dir dir;

	lockdep_assert_held(&proc->lock);
	for (dir = NTA_SND; dir < NTA_DIRS; dir++) {
		if (!nta_sock_take(s, dir, &count))
			continue;
		s->active = true;
		if (nta_break_credit)
			continue;
		nta_count_add(&t->count[s->flow + dir], count.packets,
			      count.bytes);
		nta_count_add(&proc->count[s->flow + dir], count.packets,
			      count.bytes);
	}
}

/**
 * nta_owner_settle - credit what came while an entry was being dropped
 * @s: the entry, which no packet can reach any more
 *
 * To the owner that it had, as long as that is not reported; else it is
 * traffic of a socket whose process is gone. Puts the owner.
 *
 * Context: process or softirq.
 */
void nta_owner_settle(struct nta_sock *s)
{
	struct nta_thread *t = rcu_dereference_protected(s->owner, true);
	struct nta_count count;
	bool dead = true;
	enum nta_dir dir;

	if (t) {
		spin_lock_bh(&t->proc->lock);
		dead = t->proc->dead;
		if (!dead)
			nta_owner_fold(s, t);
		spin_unlock_bh(&t->proc->lock);
		nta_thread_put(t);
	}
	if (!dead)
		return;
	for (dir = NTA_SND; dir < NTA_DIRS; dir++) {
		if (nta_sock_take(s, dir, &count))
			nta_totals_class(NTA_GONE, s->flow + dir, count.packets,
					 count.bytes);
	}
}

/* Take @s off its list; caller holds its right to move. */
static void nta_owner_detach(struct nta_sock *s)
{
	struct nta_thread *t = rcu_dereference_protected(s->owner, true);

	if (!t) {
		nta_unowned_del(s);
		return;
	}
	spin_lock_bh(&t->proc->lock);
	nta_owner_fold(s, t);
	list_del_init(&s->link);
	spin_unlock_bh(&t->proc->lock);
	WRITE_ONCE(s->pid, NULL);
	RCU_INIT_POINTER(s->owner, NULL);
	nta_thread_put(t);
}

/*
 * Give @s, which is on no list, to @t; caller holds its right to move. On
 * success the caller's reference to @t has become the entry's.
 */
static bool nta_owner_attach(struct nta_sock *s, struct nta_thread *t)
{
	bool linked;

	spin_lock_bh(&t->proc->lock);
	linked = t->linked && !t->proc->dead;
	if (linked) {
		rcu_assign_pointer(s->owner, t);
		WRITE_ONCE(s->pid, t->pid);
		s->stamp = READ_ONCE(nta_stamp);
		list_add_tail(&s->link, &t->socks);
	}
	spin_unlock_bh(&t->proc->lock);
	return linked;
}

/* Put @s, which is on no list, among the unowned; caller holds its right. */
static void nta_owner_set_aside(struct nta_sock *s)
{
	nta_unowned_add(s);
	nta_walk_kick();
}

/**
 * nta_owner_park - keep a new entry until its owner is found
 * @s: the entry; the caller holds its right to move, which is given back
 *
 * Context: softirq or process.
 */
void nta_owner_park(struct nta_sock *s)
{
	nta_owner_set_aside(s);
	nta_sock_moved(s);
}

/**
 * nta_owner_claim_new - give a new entry its first owner
 * @s: the entry; the caller holds its right to move, which is given back
 * @task: the owner
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: false when the table of tasks is full, which has been counted; the
 * entry then waits for an owner.
 */
bool nta_owner_claim_new(struct nta_sock *s, struct task_struct *task)
{
	struct nta_thread *t = nta_thread_of(task);
	bool attached = t && nta_owner_attach(s, t);

	if (!attached) {
		if (t)
			nta_thread_put(t);
		nta_owner_set_aside(s);
	}
	nta_sock_moved(s);
	return attached;
}

/*
 * Give @s from one thread to another of the same process; caller holds its right
 * to move, bottom halves are off. @to needs no reference.
 */
static bool nta_owner_pass(struct nta_sock *s, struct nta_thread *from,
			   struct nta_thread *to)
{
	struct nta_proc *proc = from->proc;
	bool linked;

	if (to->proc != proc)
		return false;
	spin_lock(&proc->lock);
	linked = to->linked && !proc->dead;
	if (linked) {
		nta_owner_fold(s, from);
		/* The table has one while it is linked. */
		refcount_inc(&to->ref);
		rcu_assign_pointer(s->owner, to);
		WRITE_ONCE(s->pid, to->pid);
		s->stamp = READ_ONCE(nta_stamp);
		list_move_tail(&s->link, &to->socks);
	}
	spin_unlock(&proc->lock);
	if (linked)
		nta_thread_put(from);
	return linked;
}

/* As nta_owner_claim(); @missing: only when there is no owner yet. */
static bool nta_owner_change(struct nta_sock *s, struct task_struct *task,
			     bool missing)
{
	struct nta_thread *t, *from;
	bool claimed = true;

	local_bh_disable();
	if (!nta_sock_trymove(s))
		goto out;
	from = rcu_dereference_protected(s->owner, true);
	if (from) {
		if (missing)
			goto moved;
		t = nta_thread_peek(task_pid(task));
		if (t && (t == from || nta_owner_pass(s, from, t)))
			goto moved;
	}
	t = nta_thread_of(task);
	nta_owner_detach(s);
	claimed = t && nta_owner_attach(s, t);
	if (!claimed) {
		if (t)
			nta_thread_put(t);
		nta_owner_set_aside(s);
	}
moved:
	nta_sock_moved(s);
out:
	local_bh_enable();
	return claimed;
}

/**
 * nta_owner_claim - make a task the owner of a socket
 * @s: the entry
 * @task: the new owner, which uses the socket now
 *
 * What was counted for the previous owner is folded into it first; what was
 * counted without an owner becomes the new one's. When another CPU is moving
 * the entry, that one wins.
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: false when the table of tasks is full, which has been counted; the
 * entry then waits for an owner.
 */
bool nta_owner_claim(struct nta_sock *s, struct task_struct *task)
{
	return nta_owner_change(s, task, false);
}

/**
 * nta_owner_resolve - make a task the owner of a socket that has none
 * @s: the entry
 * @task: the owner: it receives from the socket, or holds a descriptor of it
 *
 * Context: softirq or process, under rcu_read_lock().
 */
void nta_owner_resolve(struct nta_sock *s, struct task_struct *task)
{
	nta_owner_change(s, task, true);
}

/**
 * nta_owner_share - give an entry without owner the owner of another one
 * @s: the entry
 * @with: the other one, of the same connection
 *
 * Context: softirq or process, under rcu_read_lock().
 */
void nta_owner_share(struct nta_sock *s, const struct nta_sock *with)
{
	struct nta_thread *t = rcu_dereference(with->owner);

	if (!t || rcu_access_pointer(s->owner))
		return;
	local_bh_disable();
	if (!nta_sock_trymove(s))
		goto out;
	if (rcu_access_pointer(s->owner) || !refcount_inc_not_zero(&t->ref))
		goto moved;
	nta_owner_detach(s);
	if (!nta_owner_attach(s, t)) {
		nta_thread_put(t);
		nta_owner_set_aside(s);
	}
moved:
	nta_sock_moved(s);
out:
	local_bh_enable();
}

/* The next stamp, see nta_sock_rotate(). */
static u32 nta_owner_next_stamp(void)
{
	lockdep_assert_held(&nta_task_mutex);
	WRITE_ONCE(nta_stamp, nta_stamp + 1);
	return nta_stamp;
}

/**
 * struct nta_owner_visit - what nta_owner_rotate() does
 * @thread: whose sockets are visited
 * @stale: says which to drop; NULL for none
 */
struct nta_owner_visit {
	struct nta_thread *thread;
	bool (*stale)(struct nta_sock *s);
};

static bool nta_owner_visit_sock(struct nta_sock *s, void *arg)
{
	const struct nta_owner_visit *visit = arg;

	nta_owner_fold(s, visit->thread);
	return visit->stale && visit->stale(s) && nta_sock_trymove(s);
}

/* Fold the sockets of @t, each once; @stale, when given, says which to drop. */
static void nta_owner_rotate(struct nta_thread *t,
			     bool (*stale)(struct nta_sock *s))
{
	struct nta_owner_visit visit = { .thread = t, .stale = stale };

	nta_sock_rotate(&t->socks, &t->proc->lock, nta_owner_next_stamp(),
			nta_owner_visit_sock, &visit);
}

/**
 * nta_owner_fold_thread - bring the counters of a thread up to date
 * @thread: the thread
 *
 * Context: process, nta_task_mutex held.
 */
void nta_owner_fold_thread(struct nta_thread *thread)
{
	nta_owner_rotate(thread, NULL);
}

/**
 * nta_owner_fold_proc - bring the counters of a process up to date
 * @proc: the process
 *
 * Context: process, nta_task_mutex held.
 */
void nta_owner_fold_proc(struct nta_proc *proc)
{
	struct nta_thread *t;

	list_for_each_entry_rcu(t, &proc->threads, link,
				lockdep_is_held(&nta_task_mutex))
		nta_owner_rotate(t, NULL);
}

static bool nta_owner_stale(struct nta_sock *s)
{
	u8 limit = NTA_IDLE_TCP;

	if (READ_ONCE(s->closed))
		return true;
	if (s->flow == NTA_UDP_SND)
		limit = NTA_IDLE_UDP;
	s->idle = s->active ? 0 : min_t(int, s->idle + 1, U8_MAX);
	s->active = false;
	return s->idle >= limit;
}

static bool nta_owner_stale_pressed(struct nta_sock *s)
{
	return nta_owner_stale(s) || s->idle;
}

/**
 * nta_owner_expire - fold a thread's sockets and drop those that went idle
 * @thread: the thread
 * @pressed: the table is filling up: drop all that rest
 *
 * Context: process, nta_task_mutex held; once in a collection.
 */
void nta_owner_expire(struct nta_thread *thread, bool pressed)
{
	nta_owner_rotate(thread, pressed ? nta_owner_stale_pressed :
					   nta_owner_stale);
}

/**
 * nta_owner_close - credit a thread that is about to end with what it moved
 * @thread: the thread
 *
 * What comes later is its heir's. Of a thread with very many sockets, only the
 * first are looked at: the heir gets what the others hold.
 *
 * Context: process; does not sleep.
 */
void nta_owner_close(struct nta_thread *thread)
{
	struct nta_sock *s;
	int n = 0;

	spin_lock_bh(&thread->proc->lock);
	list_for_each_entry(s, &thread->socks, link) {
		if (n++ == NTA_BATCH)
			break;
		nta_owner_fold(s, thread);
	}
	spin_unlock_bh(&thread->proc->lock);
}

/**
 * nta_owner_inherit - give the sockets of one thread to another
 * @from: thread that has ended
 * @to: thread of the same process
 *
 * With what they have not folded yet, for nobody reads @from any more.
 *
 * Context: process, nta_task_mutex held.
 */
void nta_owner_inherit(struct nta_thread *from, struct nta_thread *to)
{
	struct nta_sock *s, *next;
	bool more = true;
	int n, moved;

	while (more) {
		n = 0;
		moved = 0;
		spin_lock_bh(&from->proc->lock);
		list_for_each_entry_safe(s, next, &from->socks, link) {
			if (n++ == NTA_BATCH)
				break;
			if (!nta_sock_trymove(s))
				continue;
			refcount_inc(&to->ref);
			rcu_assign_pointer(s->owner, to);
			WRITE_ONCE(s->pid, to->pid);
			list_move_tail(&s->link, &to->socks);
			nta_sock_moved(s);
			moved++;
		}
		more = !list_empty(&from->socks);
		spin_unlock_bh(&from->proc->lock);
		while (moved--)
			nta_thread_put(from);
		cond_resched();
	}
}

/**
 * nta_owner_release - fold and drop all sockets of a thread
 * @thread: the thread, which nothing can be attached to any more
 *
 * Context: process, nta_task_mutex held.
 */
void nta_owner_release(struct nta_thread *thread)
{
	struct nta_sock *s, *next;
	LIST_HEAD(dropped);
	bool more = true;
	int n;

	while (more) {
		n = 0;
		spin_lock_bh(&thread->proc->lock);
		list_for_each_entry_safe(s, next, &thread->socks, link) {
			if (n++ == NTA_BATCH)
				break;
			if (!nta_sock_trymove(s))
				continue;
			nta_owner_fold(s, thread);
			list_move_tail(&s->link, &dropped);
		}
		more = !list_empty(&thread->socks);
		spin_unlock_bh(&thread->proc->lock);
		nta_sock_drop(&dropped);
		cond_resched();
	}
}
