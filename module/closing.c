// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that close, for whoever listens to that. A connection outlives the process
 * that closes it, and the entry of its socket is the owner's: it goes with him. So a
 * record is made when the closing begins, while the addresses and the owner are known.
 * What each entry of the socket has counted is added to it when that is dropped, and
 * it is told once the connection is no more.
 *
 * Nothing is made while nobody listens.
 */
#include <linux/hashtable.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>

#include "cgroup.h"
#include "closing.h"
#include "identity.h"
#include "snapshot.h"
#include "sock.h"
#include "task.h"

/* How long after it closed one is told: what the peer still answers is in it then. */
#define NTA_CLOSING_PAUSE	(HZ / 2)

/* Most records at a time; who listens is told that there was no room for more. */
#define NTA_CLOSING_MOST	65536

/**
 * struct nta_closing - the record of a socket that closes
 * @node: in the table of records
 * @due: among those that closed, in their order; empty before
 * @since: when it closed, in jiffies
 * @leaving: entries of it that were dropped, and wait for a grace period
 * @told: what is told
 */
struct nta_closing {
	struct hlist_node node;
	struct list_head due;
	unsigned long since;
	unsigned int leaving;
	struct nta_closed told;
};

/*
 * Protects all below, and nta_sock.ending. On the packet path it is taken only while there
 * are records, and for packets of sockets whose process is gone.
 */
static DEFINE_SPINLOCK(nta_closing_lock);
static DEFINE_HASHTABLE(nta_closing_table, 12);
static LIST_HEAD(nta_closing_due);
unsigned int nta_closing_records;
static bool nta_closing_missed;

/* What the floors above say of listeners, and do for them. */
static bool (*nta_closing_heard)(void);
static void (*nta_closing_tell)(const struct nta_closed *closed);

static void nta_closing_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(nta_closing_work, nta_closing_work_fn);

/**
 * nta_closing_on_close - say who listens to sockets that close
 * @heard: does anybody? Called in any context but hard interrupts
 * @tell: called once for each that closed and carried anything, and with NULL when some
 *	were missed; may sleep
 */
void nta_closing_on_close(bool (*heard)(void), void (*tell)(const struct nta_closed *closed))
{
	WRITE_ONCE(nta_closing_tell, tell);
	/* Whoever is heard is told. */
	smp_store_release(&nta_closing_heard, heard);
}

static bool nta_closing_is_heard(void)
{
	/* Pairs with the one above. */
	return smp_load_acquire(&nta_closing_heard) && nta_closing_heard();
}

/**
 * nta_closing_is_wanted - does anybody want to know of sockets that close?
 *
 * Records that were begun are ended also when nobody listens any more.
 *
 * Context: any but hard interrupts.
 */
bool nta_closing_is_wanted(void)
{
	return nta_closing_any() || nta_closing_is_heard();
}

static struct nta_closing *nta_closing_find(u64 key)
{
	struct nta_closing *c;

	lockdep_assert_held(&nta_closing_lock);
	hash_for_each_possible(nta_closing_table, c, node, key) {
		if (c->told.key == key)
			return c;
	}
	return NULL;
}

static void nta_closing_del(struct nta_closing *c)
{
	lockdep_assert_held(&nta_closing_lock);
	hash_del(&c->node);
	list_del_init(&c->due);
	WRITE_ONCE(nta_closing_records, nta_closing_records - 1);
}

/* One is not told, of which who listens is told that. */
static void nta_closing_miss(void)
{
	lockdep_assert_held(&nta_closing_lock);
	nta_closing_missed = true;
	schedule_delayed_work(&nta_closing_work, NTA_CLOSING_PAUSE);
}

static void nta_closing_put_ends(struct nta_closed *told, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);

	told->family = sk->sk_family;
	told->netns = sock_net(sk)->ns.inum;
	told->sport = ntohs(inet->inet_sport);
	told->dport = ntohs(inet->inet_dport);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		told->local = sk->sk_v6_rcv_saddr;
		told->remote = sk->sk_v6_daddr;
		return;
	}
#endif
	told->local.s6_addr32[0] = inet->inet_rcv_saddr;
	told->remote.s6_addr32[0] = inet->inet_daddr;
}

/* A new record of @sk; NULL without room. */
static struct nta_closing *nta_closing_make(const struct sock *sk, u64 key)
{
	struct nta_closing *c = NULL;

	lockdep_assert_held(&nta_closing_lock);
	if (nta_closing_records < NTA_CLOSING_MOST)
		c = kzalloc(sizeof(*c), GFP_ATOMIC | __GFP_NOWARN);
	if (!c) {
		nta_closing_miss();
		return NULL;
	}
	INIT_LIST_HEAD(&c->due);
	c->told.key = key;
	nta_closing_put_ends(&c->told, sk);
	hash_add(nta_closing_table, &c->node, key);
	WRITE_ONCE(nta_closing_records, nta_closing_records + 1);
	return c;
}

/* The owner @t, from the process itself, or from what was noted when that ended. Under RCU. */
static void nta_closing_put_owner(struct nta_closed *told, const struct nta_thread *t)
{
	const struct nta_proc *proc = t->proc;
	struct task_struct *task = pid_task(proc->pid, PIDTYPE_TGID);

	told->tgid = pid_nr(proc->pid);
	told->pid = pid_nr(t->pid);
	told->start = proc->start;
	if (task) {
		memcpy(told->comm, task->comm, sizeof(told->comm));
		told->uid = task_uid(task);
		told->cgroup = nta_task_cgroup(task);
	} else {
		memcpy(told->comm, proc->command, sizeof(told->comm));
		told->uid = proc->uid;
		told->cgroup = proc->cgroup;
	}
}

/* Whose is @s? The last owner that it had is kept. Under RCU. */
static void nta_closing_name(struct nta_closed *told, const struct nta_sock *s)
{
	const struct nta_thread *t = rcu_dereference(s->owner);

	if (t) {
		nta_closing_put_owner(told, t);
	} else if (!told->tgid) {
		told->kernel = nta_sock_is_kernel(s);
		/* Only while it has no cgroup of an owner. */
		told->cgroup = s->group ? s->group->id : 0;
	}
}

static void nta_closing_end(struct nta_closing *c)
{
	lockdep_assert_held(&nta_closing_lock);
	c->since = jiffies;
	c->told.end = ktime_get_boottime_ns();
	list_move_tail(&c->due, &nta_closing_due);
	schedule_delayed_work(&nta_closing_work, NTA_CLOSING_PAUSE);
}

/**
 * nta_closing_note - a socket closes
 * @sk: the socket, full and locked, with its addresses
 * @key: see nta_sock_key()
 * @s: its entry; NULL when it has none any more
 * @closed: it is closed, and not only about to
 *
 * Context: softirq or process, under rcu_read_lock(); for who nta_closing_is_wanted().
 */
void nta_closing_note(const struct sock *sk, u64 key, struct nta_sock *s, bool closed)
{
	struct nta_closing *c;

	key &= ~NTA_KEY_SCOPE;
	spin_lock_bh(&nta_closing_lock);
	c = nta_closing_find(key);
	/* Of one that is unknown there is nothing to tell. */
	if (!c && s && nta_closing_is_heard())
		c = nta_closing_make(sk, key);
	if (c && s && s->ending != NTA_ENDING_LEAVING) {
		s->ending = NTA_ENDING_NOTED;
		nta_closing_name(&c->told, s);
	}
	if (c && closed)
		nta_closing_end(c);
	spin_unlock_bh(&nta_closing_lock);
}

/**
 * nta_closing_count - count what a socket carries that has no entry, for its process is gone
 * @key: of the socket, see nta_sock_key()
 * @flow: what it carries
 * @count: how much
 *
 * Context: softirq or process.
 */
void nta_closing_count(u64 key, enum nta_flow flow, const struct nta_count *count)
{
	struct nta_closing *c;

	spin_lock_bh(&nta_closing_lock);
	c = nta_closing_find(key & ~NTA_KEY_SCOPE);
	if (c)
		nta_count_add(&c->told.count[flow], count->packets, count->bytes);
	spin_unlock_bh(&nta_closing_lock);
}

/* The entry @s is about to be dropped: its record waits for it. */
static void nta_closing_leave(struct nta_sock *s)
{
	struct nta_closing *c;

	spin_lock_bh(&nta_closing_lock);
	c = s->ending == NTA_ENDING_NOTED ?
	    nta_closing_find(s->key & ~NTA_KEY_SCOPE) : NULL;
	if (c) {
		c->leaving++;
		s->ending = NTA_ENDING_LEAVING;
	}
	spin_unlock_bh(&nta_closing_lock);
}

static void nta_closing_add(struct nta_closed *told, const struct nta_count count[NTA_FLOWS])
{
	int flow;

	for (flow = 0; flow < NTA_FLOWS; flow++)
		nta_count_add(&told->count[flow], count[flow].packets, count[flow].bytes);
}

/* No packet can reach @s any more, for which a record waits. */
static void nta_closing_left(struct nta_sock *s)
{
	struct nta_count count[NTA_FLOWS];
	struct nta_closing *c;

	if (s->ending != NTA_ENDING_LEAVING)
		return;
	rcu_read_lock();
	nta_snapshot_sock(s, count);
	spin_lock_bh(&nta_closing_lock);
	c = nta_closing_find(s->key & ~NTA_KEY_SCOPE);
	if (c) {
		nta_closing_add(&c->told, count);
		nta_closing_name(&c->told, s);
		c->leaving--;
	}
	spin_unlock_bh(&nta_closing_lock);
	rcu_read_unlock();
}

static bool nta_closing_is_silent(const struct nta_closed *told)
{
	return !memchr_inv(told->count, 0, sizeof(told->count));
}

/* The first record that is due; NULL when there is none. */
static struct nta_closing *nta_closing_pop(void)
{
	struct nta_closing *c;

	lockdep_assert_held(&nta_closing_lock);
	c = list_first_entry_or_null(&nta_closing_due, struct nta_closing, due);
	if (!c || time_before(jiffies, c->since + NTA_CLOSING_PAUSE))
		return NULL;
	return c;
}

/*
 * Take a record that is due, with what the entry that still is in the table has counted;
 * one that waits for an entry goes behind the others. NULL when there is none.
 */
static struct nta_closing *nta_closing_take(void)
{
	struct nta_count count[NTA_FLOWS];
	struct nta_closing *c;
	struct nta_sock *s = NULL;

	rcu_read_lock();
	spin_lock_bh(&nta_closing_lock);
	while ((c = nta_closing_pop()) && c->leaving) {
		c->since = jiffies;
		list_move_tail(&c->due, &nta_closing_due);
	}
	if (c) {
		nta_closing_del(c);
		s = nta_sock_find(c->told.key);
	}
	if (s)
		s->ending = NTA_ENDING_TOLD;
	spin_unlock_bh(&nta_closing_lock);
	if (s) {
		nta_snapshot_sock(s, count);
		nta_closing_add(&c->told, count);
		nta_closing_name(&c->told, s);
	}
	rcu_read_unlock();
	return c;
}

static void nta_closing_work_fn(struct work_struct *work)
{
	struct nta_closing *c;
	bool missed, more;

	while ((c = nta_closing_take())) {
		if (!nta_closing_is_silent(&c->told))
			nta_closing_tell(&c->told);
		kfree(c);
		cond_resched();
	}
	spin_lock_bh(&nta_closing_lock);
	missed = nta_closing_missed;
	nta_closing_missed = false;
	more = !list_empty(&nta_closing_due);
	spin_unlock_bh(&nta_closing_lock);
	if (missed)
		nta_closing_tell(NULL);
	if (more)
		schedule_delayed_work(&nta_closing_work, NTA_CLOSING_PAUSE);
}

/**
 * nta_closing_forget - nobody notes any more that a connection is closed
 *
 * Of those that were about to close, who listens has missed the end.
 *
 * Context: process.
 */
void nta_closing_forget(void)
{
	struct hlist_node *next;
	struct nta_closing *c;
	int i;

	for (i = 0; i < HASH_SIZE(nta_closing_table); i++) {
		spin_lock_bh(&nta_closing_lock);
		hlist_for_each_entry_safe(c, next, &nta_closing_table[i], node) {
			if (!list_empty(&c->due))
				continue;
			nta_closing_del(c);
			kfree(c);
			nta_closing_miss();
		}
		spin_unlock_bh(&nta_closing_lock);
	}
}

/**
 * nta_closing_setup - be told of entries that are dropped
 */
void nta_closing_setup(void)
{
	nta_sock_on_leave(nta_closing_leave, nta_closing_left);
}

/**
 * nta_closing_stop - tell no more
 *
 * Nobody notes anything any more.
 */
void nta_closing_stop(void)
{
	cancel_delayed_work_sync(&nta_closing_work);
}

/**
 * nta_closing_teardown - free all records
 *
 * The entries of all sockets are gone.
 */
void nta_closing_teardown(void)
{
	struct hlist_node *next;
	struct nta_closing *c;
	int i;

	hash_for_each_safe(nta_closing_table, i, next, c, node)
		kfree(c);
}
