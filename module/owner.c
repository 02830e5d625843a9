// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns a socket, and the transfer of what its entry counted to the owner.
 * An entry is always on one list: among the sockets of its owner, or among
 * the unowned ones. Whoever moves it holds its right to move.
 */
#include <linux/sched.h>

#include "cgroup.h"
#include "fold.h"
#include "owner.h"
#include "reader.h"
#include "sock.h"
#include "task.h"
#include "unowned.h"

/* After how many collections without traffic an entry is dropped. */
#define NTA_IDLE_TCP		24
#define NTA_IDLE_UDP		3

static u32 nta_stamp; /* of the present fold, under nta_task_mutex; see nta_sock.stamp */

/*
 * Note that @s belongs to @t, which was found as @claim says; caller holds its
 * right to move.
 *
 * The packet path looks at @pid alone, and has what anybody else sends claimed.
 * So an owner that has yet to send leaves it NULL. Not so the reader of a
 * connection, which would claim in vain each time it acknowledges: there
 * @written tells whether it has sent too.
 */
static void nta_owner_set(struct nta_sock *s, struct nta_thread *t,
			  enum nta_claim claim, u32 written)
{
	bool sends = claim == NTA_CLAIM_SEND;
	bool reads = claim == NTA_CLAIM_READ;

	nta_reader_note(s, t, sends ? NTA_READS_NOTHING :
			      reads ? NTA_READS_OTHERS : NTA_READS_ANY);
	rcu_assign_pointer(s->owner, t);
	WRITE_ONCE(s->claim, claim);
	WRITE_ONCE(s->pid, sends || (reads && written) ? t->pid : NULL);
	s->written = written;
}

/*
 * Fold @s before its owner @t loses it. What came while that was a guess is the
 * next owner's, who was there to receive it.
 */
static void nta_owner_fold_last(struct nta_sock *s, struct nta_thread *t)
{
	if (s->claim != NTA_CLAIM_GUESS)
		nta_fold(s, t);
}

/* Take @s off its list; caller holds its right to move. */
static void nta_owner_detach(struct nta_sock *s)
{
	struct nta_thread *t = rcu_dereference_protected(s->owner, true);

	if (!t) {
		nta_unowned_del(s);
		return;
	}
	spin_lock(&t->proc->lock);
	nta_owner_fold_last(s, t);
	list_del_init(&s->link);
	spin_unlock(&t->proc->lock);
	nta_reader_note(s, NULL, NTA_READS_ANY);
	WRITE_ONCE(s->pid, NULL);
	WRITE_ONCE(s->claim, NTA_CLAIM_NONE);
	/* Whoever sees that has seen what was folded: see nta_snapshot_try(). */
	smp_wmb();
	RCU_INIT_POINTER(s->owner, NULL);
	nta_thread_put(t);
}

/*
 * Give @s, which is on no list, to @t; caller holds its right to move. On
 * success the caller's reference to @t has become the entry's.
 */
static bool nta_owner_attach(struct nta_sock *s, struct nta_thread *t,
			     enum nta_claim claim, u32 written)
{
	bool linked;

	spin_lock(&t->proc->lock);
	linked = t->linked && !t->proc->dead;
	if (linked) {
		nta_owner_set(s, t, claim, written);
		s->stamp = READ_ONCE(nta_stamp);
		t->proc->netns = s->netns;
		list_add_tail(&s->link, &t->socks);
	}
	spin_unlock(&t->proc->lock);
	return linked;
}

/**
 * nta_owner_park - keep a new entry until its owner is found
 * @s: the entry; the caller holds its right to move, which is given back
 * @sk: its socket
 * @handed: does a part of the kernel use it?
 *
 * Context: softirq or process with bottom halves off, under rcu_read_lock().
 */
void nta_owner_park(struct nta_sock *s, const struct sock *sk, enum nta_handed handed)
{
	if (handed != NTA_HANDED_SURE)
		s->group = nta_cgroup_of_sock(sk);
	s->handed = handed;
	nta_unowned_add(s);
	nta_sock_moved(s);
}

/**
 * nta_owner_claim_new - give a new entry its first owner
 * @s: the entry; the caller holds its right to move, which is given back
 * @task: the owner
 * @claim: how it uses the socket
 *
 * Context: softirq or process with bottom halves off, under rcu_read_lock().
 * Return: false when the table of tasks is full, which has been counted; the
 * entry then waits for an owner.
 */
bool nta_owner_claim_new(struct nta_sock *s, struct task_struct *task,
			 enum nta_claim claim)
{
	struct nta_thread *t = nta_thread_of(task);
	bool attached = t && nta_owner_attach(s, t, claim, 0);

	if (!attached) {
		if (t)
			nta_thread_put(t);
		nta_unowned_add(s);
	}
	nta_sock_moved(s);
	return attached;
}

/*
 * Give @s from one thread to another of the same process; caller holds its right
 * to move, bottom halves are off. @to needs no reference.
 */
static bool nta_owner_pass(struct nta_sock *s, struct nta_thread *from,
			   struct nta_thread *to, enum nta_claim claim,
			   u32 written)
{
	struct nta_proc *proc = from->proc;
	bool linked;

	if (to->proc != proc)
		return false;
	spin_lock(&proc->lock);
	linked = to->linked && !proc->dead;
	if (linked) {
		nta_owner_fold_last(s, from);
		/* The table has one while it is linked. */
		refcount_inc(&to->ref);
		nta_owner_set(s, to, claim, written);
		s->stamp = READ_ONCE(nta_stamp);
		list_move_tail(&s->link, &to->socks);
	}
	spin_unlock(&proc->lock);
	if (linked)
		nta_thread_put(from);
	return linked;
}

/*
 * May a claim make @task the owner of @s, which @from owns? When it is stronger
 * than the one by which @from does, or as strong and no guess.
 */
static bool nta_owner_yields(struct nta_sock *s, struct nta_thread *from,
			     enum nta_claim claim, u32 written)
{
	/* Its reader has sent since it became the owner. */
	if (s->claim == NTA_CLAIM_READ && claim == NTA_CLAIM_READ &&
	    s->written && s->written != written)
		nta_owner_set(s, from, NTA_CLAIM_SEND, 0);
	return claim >= s->claim && claim != NTA_CLAIM_GUESS;
}

/* As nta_owner_claim(); @written: see there, of a claim by reading. */
static bool nta_owner_change(struct nta_sock *s, struct task_struct *task,
			     enum nta_claim claim, u32 written)
{
	struct nta_thread *t, *from;
	bool claimed = true;

	local_bh_disable();
	if (!nta_sock_trymove(s))
		goto out;
	from = rcu_dereference_protected(s->owner, true);
	if (from) {
		if (!nta_owner_yields(s, from, claim, written))
			goto moved;
		t = nta_thread_peek(task_pid(task));
		if (t == from)
			nta_owner_set(s, t, claim, written);
		if (t && (t == from ||
			  nta_owner_pass(s, from, t, claim, written)))
			goto moved;
	} else if (s->handed == NTA_HANDED_SURE) {
		goto moved;
	}
	t = nta_thread_of(task);
	nta_owner_detach(s);
	claimed = t && nta_owner_attach(s, t, claim, written);
	if (!claimed) {
		if (t)
			nta_thread_put(t);
		nta_unowned_add(s);
	}
moved:
	nta_sock_moved(s);
out:
	local_bh_enable();
	return claimed;
}

/**
 * nta_owner_claim - make a task the owner of a socket, as docs/design.md says
 * @s: the entry
 * @task: the new owner
 * @claim: how it uses the socket
 *
 * Nothing changes where there is an owner with a stronger claim. What was
 * counted for the previous owner is folded into it first; what was counted
 * without an owner, or for a guess, becomes the new one's. When another CPU is
 * moving the entry, that one wins.
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: false when the table of tasks is full, which has been counted; the
 * entry then waits for an owner.
 */
bool nta_owner_claim(struct nta_sock *s, struct task_struct *task,
		     enum nta_claim claim)
{
	return nta_owner_change(s, task, claim, 0);
}

/**
 * nta_owner_read - make a task that receives from a socket its owner
 * @s: the entry
 * @task: the task
 * @written: of a connection: where its stream ends, to see later whether the
 *	task sends too; 0 if that is not known
 *
 * As nta_owner_claim() does.
 *
 * Context: softirq or process, under rcu_read_lock().
 */
void nta_owner_read(struct nta_sock *s, struct task_struct *task, u32 written)
{
	nta_owner_change(s, task, NTA_CLAIM_READ, written);
}

/**
 * nta_owner_resolve - guess the owner of a socket that has none
 * @s: the entry
 * @task: the owner, which holds a descriptor of the socket
 *
 * Context: softirq or process, under rcu_read_lock().
 */
void nta_owner_resolve(struct nta_sock *s, struct task_struct *task)
{
	nta_owner_change(s, task, NTA_CLAIM_GUESS, 0);
}

/**
 * nta_owner_hand - a part of the kernel uses a socket
 * @s: the entry
 * @handed: how sure that is: for sure it is no task's any more; else it stays its
 *	owner's, if it has one
 *
 * Context: softirq or process, under rcu_read_lock().
 */
void nta_owner_hand(struct nta_sock *s, enum nta_handed handed)
{
	if (READ_ONCE(s->handed) >= handed)
		return;
	local_bh_disable();
	if (!nta_sock_trymove(s))
		goto out;
	if (!rcu_access_pointer(s->owner)) {
		nta_unowned_hand(s, handed);
	} else if (handed == NTA_HANDED_SURE) {
		nta_owner_detach(s);
		s->handed = handed;
		nta_unowned_add(s);
	}
	nta_sock_moved(s);
out:
	local_bh_enable();
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
	if (!nta_owner_attach(s, t, READ_ONCE(with->claim), 0)) {
		nta_thread_put(t);
		nta_unowned_add(s);
	}
moved:
	nta_sock_moved(s);
out:
	local_bh_enable();
}

/* The last that @t has of @s, which goes for good: see nta_sock_unlink(). */
static struct nta_sock *nta_owner_unlink(struct nta_sock *s, struct nta_thread *t,
					 struct nta_sock *dropped)
{
	nta_fold(s, t);
	nta_reader_note(s, t, NTA_READS_NOTHING);
	return nta_sock_unlink(s, dropped);
}

/* Take the entry of a closed connection off its owner's list; @dropped are those before. */
static struct nta_sock *nta_owner_drop_one(struct nta_sock *s, struct nta_sock *dropped)
{
	struct nta_thread *t;

	if (!nta_sock_trymove(s))
		return dropped;
	t = rcu_dereference_protected(s->owner, true);
	if (!t || !READ_ONCE(s->closed)) {
		nta_sock_moved(s);
		return dropped;
	}
	spin_lock(&t->proc->lock);
	dropped = nta_owner_unlink(s, t, dropped);
	spin_unlock(&t->proc->lock);
	return dropped;
}

/**
 * nta_owner_drop_closed - forget connections that are no more, as the next collection would
 * @keys: of their entries; nothing happens to one that has no owner, or is none any more
 * @n: how many
 *
 * Context: softirq or process with bottom halves off, under rcu_read_lock().
 */
void nta_owner_drop_closed(const u64 *keys, unsigned int n)
{
	struct nta_sock *s, *dropped = NULL;
	unsigned int i;

	for (i = 0; i < n; i++) {
		s = keys[i] ? nta_sock_find(keys[i]) : NULL;
		if (s)
			dropped = nta_owner_drop_one(s, dropped);
	}
	nta_sock_drop(dropped);
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

/* Note that @s has carried something since the last look, and leave it there. */
static void nta_owner_watch(struct nta_sock *s)
{
	u32 packets = nta_sock_packets(s);

	s->active |= packets != s->last;
	s->last = packets;
}

static bool nta_owner_visit_sock(struct nta_sock *s, void *arg)
{
	const struct nta_owner_visit *visit = arg;

	/* Only a reader needs what belongs to a guess before that proves true. */
	if (visit->stale && READ_ONCE(s->claim) == NTA_CLAIM_GUESS)
		nta_owner_watch(s);
	else
		nta_fold(s, visit->thread);
	if (!visit->stale || !visit->stale(s) || !nta_sock_trymove(s))
		return false;
	nta_fold(s, visit->thread);
	nta_reader_note(s, visit->thread, NTA_READS_NOTHING);
	return true;
}

/* Fold the sockets of @t, each once; @stale, when given, says which to drop. */
static void nta_owner_rotate(struct nta_thread *t,
			     bool (*stale)(struct nta_sock *s))
{
	struct nta_owner_visit visit = { .thread = t, .stale = stale };

	lockdep_assert_held(&nta_task_mutex);
	WRITE_ONCE(nta_stamp, nta_stamp + 1);
	nta_sock_rotate(&t->socks, &t->proc->lock, nta_stamp, nta_owner_visit_sock,
			&visit);
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
	if (nta_sock_is_udp(s))
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
		nta_fold(s, thread);
	}
	spin_unlock_bh(&thread->proc->lock);
}

/*
 * Before the next round over a list of sockets: let others run, or those finish
 * who hold the right to move all of them, and whom a real-time task keeps waiting.
 */
static void nta_owner_pause(bool moved)
{
	if (moved)
		cond_resched();
	else
		schedule_timeout_uninterruptible(1);
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
			nta_owner_set(s, to, s->claim, s->written);
			list_move_tail(&s->link, &to->socks);
			nta_sock_moved(s);
			moved++;
		}
		more = !list_empty(&from->socks);
		spin_unlock_bh(&from->proc->lock);
		for (n = 0; n < moved; n++)
			nta_thread_put(from);
		if (more)
			nta_owner_pause(moved);
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
	struct nta_sock *s, *next, *dropped;
	bool more = true;
	bool moved;
	int n;

	while (more) {
		n = 0;
		dropped = NULL;
		spin_lock_bh(&thread->proc->lock);
		list_for_each_entry_safe(s, next, &thread->socks, link) {
			if (n++ == NTA_BATCH)
				break;
			if (!nta_sock_trymove(s))
				continue;
			dropped = nta_owner_unlink(s, thread, dropped);
		}
		more = !list_empty(&thread->socks);
		spin_unlock_bh(&thread->proc->lock);
		moved = dropped;
		nta_sock_drop(dropped);
		if (more)
			nta_owner_pause(moved);
	}
}
