// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>
#include <linux/mutex.h>

#include "cgroup.h"
#include "reader.h"
#include "sock.h"
#include "task.h"
#include "unowned.h"

/* After how many collections without traffic an entry is dropped. */
#define NTA_IDLE_UNOWNED	6

/*
 * Those that no walk has looked for yet, in the order of @since unless they have
 * been visited meanwhile, and the others.
 */
static DEFINE_SPINLOCK(nta_unowned_lock);
static LIST_HEAD(nta_unowned_new);
static LIST_HEAD(nta_unowned_old);
struct nta_unowned nta_unowned;

/* What the floors above do to find the owner of a new one. */
static void (*nta_unowned_seek)(void);

/* Whoever visits all entries; anybody may ask for their sum, so nothing else. */
static DEFINE_MUTEX(nta_unowned_mutex);

/* Number of the present visit, under the mutex; see nta_sock.stamp. */
static u32 nta_unowned_stamp;

/* The last sum of all, and how many have been begun, under the mutex. */
static struct nta_unowned_sums nta_unowned_sums;
static unsigned long nta_unowned_begun;

/* An entry is among those that no walk has looked for (@n is 1) or no more. */
static void nta_unowned_note_new(const struct nta_sock *s, int n)
{
	unsigned int *sum = nta_sock_is_udp(s) ? &nta_unowned.new_udp :
						 &nta_unowned.new_tcp;

	lockdep_assert_held(&nta_unowned_lock);
	WRITE_ONCE(*sum, *sum + n);
}

/* An entry is unowned (@n is 1) or no more (-1). */
static void nta_unowned_note(const struct nta_sock *s, int n)
{
	lockdep_assert_held(&nta_unowned_lock);
	WRITE_ONCE(nta_unowned.all, nta_unowned.all + n);
	if (!nta_sock_is_kernel(s))
		WRITE_ONCE(nta_unowned.waiting, nta_unowned.waiting + n);
	if (!s->sought)
		nta_unowned_note_new(s, n);
}

/*
 * Note what says whose an entry is: it may be one that counts as the kernel's now.
 * Nobody who reads becomes the owner of one that is for sure.
 */
static void nta_unowned_decide(struct nta_sock *s, enum nta_handed handed,
			       bool unheld)
{
	bool before = nta_sock_is_kernel(s);

	lockdep_assert_held(&nta_unowned_lock);
	WRITE_ONCE(s->handed, handed);
	WRITE_ONCE(s->unheld, unheld);
	if (nta_sock_is_kernel(s) != before)
		WRITE_ONCE(nta_unowned.waiting,
			   nta_unowned.waiting + (before ? 1 : -1));
}

/**
 * nta_unowned_on_add - say what is done to find the owners of new entries
 * @seek: called after each, in softirq or process context
 */
void nta_unowned_on_add(void (*seek)(void))
{
	nta_unowned_seek = seek;
}

/**
 * nta_unowned_add - put an entry among those without owner
 * @s: the entry, on no list; the caller holds the right to move it
 *
 * For one that is the kernel's for sure, nobody looks.
 *
 * Context: softirq or process, bottom halves off.
 */
void nta_unowned_add(struct nta_sock *s)
{
	bool sure = s->handed == NTA_HANDED_SURE;

	spin_lock(&nta_unowned_lock);
	s->stamp = READ_ONCE(nta_unowned_stamp);
	s->idle = 0;
	s->since = jiffies;
	s->sought = sure;
	list_add_tail(&s->link, sure ? &nta_unowned_old : &nta_unowned_new);
	nta_unowned_note(s, 1);
	nta_reader_note(s, NULL, sure ? NTA_READS_NOTHING : NTA_READS_ANY);
	spin_unlock(&nta_unowned_lock);
	if (!sure)
		nta_unowned_seek();
}

/**
 * nta_unowned_hand - a part of the kernel uses a socket without owner
 * @s: the entry; the caller holds the right to move it
 * @handed: how sure that is
 *
 * Context: softirq or process, bottom halves off.
 */
void nta_unowned_hand(struct nta_sock *s, enum nta_handed handed)
{
	spin_lock(&nta_unowned_lock);
	nta_unowned_decide(s, handed, s->unheld);
	if (handed == NTA_HANDED_SURE)
		nta_reader_note(s, NULL, NTA_READS_NOTHING);
	spin_unlock(&nta_unowned_lock);
}

/**
 * nta_unowned_del - take an entry out again
 * @s: the entry; the caller holds the right to move it
 *
 * Context: softirq or process, bottom halves off.
 */
void nta_unowned_del(struct nta_sock *s)
{
	spin_lock(&nta_unowned_lock);
	list_del_init(&s->link);
	nta_unowned_note(s, -1);
	WRITE_ONCE(s->handed, NTA_HANDED_NOT);
	WRITE_ONCE(s->unheld, false);
	spin_unlock(&nta_unowned_lock);
}

/**
 * nta_unowned_oldest - since when has the oldest of the entries no owner that no
 * walk has looked for
 * @since: receives it, in jiffies
 *
 * Context: any but hard interrupts.
 * Return: whether there is one.
 */
bool nta_unowned_oldest(u32 *since)
{
	struct nta_sock *s;

	spin_lock_bh(&nta_unowned_lock);
	s = list_first_entry_or_null(&nta_unowned_new, struct nta_sock, link);
	if (s)
		*since = s->since;
	spin_unlock_bh(&nta_unowned_lock);
	return s;
}

/**
 * nta_unowned_mark_sought - a walk is done
 * @begin: when it began, in jiffies: what was unowned before has been looked for
 * @everywhere: no table was left out
 *
 * Context: process.
 */
void nta_unowned_mark_sought(u32 begin, bool everywhere)
{
	struct nta_sock *s;
	bool more = true;
	int n;

	while (more) {
		spin_lock_bh(&nta_unowned_lock);
		for (n = 0; more && n < NTA_BATCH; n++) {
			s = list_first_entry_or_null(&nta_unowned_new,
						     struct nta_sock, link);
			more = s && (s32)(s->since - begin) < 0;
			if (!more)
				break;
			nta_unowned_note_new(s, -1);
			s->sought = true;
			nta_unowned_decide(s, s->handed, everywhere);
			list_move_tail(&s->link, &nta_unowned_old);
		}
		spin_unlock_bh(&nta_unowned_lock);
		cond_resched();
	}
}

/*
 * Visit each unowned entry once; @visit as in nta_sock_rotate(). Entries go
 * from the first list to the end of the second meanwhile, those that have been
 * visited behind those that have not.
 */
static void nta_unowned_rotate(bool (*visit)(struct nta_sock *s, void *),
			       void *arg)
{
	u32 stamp;

	lockdep_assert_held(&nta_unowned_mutex);
	WRITE_ONCE(nta_unowned_stamp, nta_unowned_stamp + 1);
	stamp = nta_unowned_stamp;
	nta_sock_rotate(&nta_unowned_new, &nta_unowned_lock, stamp, visit, arg);
	nta_sock_rotate(&nta_unowned_old, &nta_unowned_lock, stamp, visit, arg);
}

static bool nta_unowned_expire_sock(struct nta_sock *s, void *unused)
{
	u32 packets = nta_sock_packets(s);

	s->idle = packets != s->last ? 0 : min_t(int, s->idle + 1, U8_MAX);
	s->last = packets;
	if (s->idle < NTA_IDLE_UNOWNED || !nta_sock_trymove(s))
		return false;
	nta_unowned_note(s, -1);
	nta_reader_note(s, NULL, NTA_READS_NOTHING);
	return true;
}

/**
 * nta_unowned_expire - drop entries that no walk found an owner for and that
 * carry nothing any more
 *
 * What they hold becomes the kernel's, or traffic of sockets whose process is gone.
 *
 * Context: process; sleeps. Once in a collection.
 */
void nta_unowned_expire(void)
{
	mutex_lock(&nta_unowned_mutex);
	nta_unowned_rotate(nta_unowned_expire_sock, NULL);
	mutex_unlock(&nta_unowned_mutex);
}

static void nta_unowned_sum_part(const struct nta_sock *s, const struct nta_part *part,
				 struct nta_unowned_sums *sums)
{
	bool kernel = nta_sock_is_kernel(s);
	struct nta_count *sum = kernel ? sums->kernel : sums->waiting;
	int dir;

	for (dir = 0; dir < NTA_DIRS; dir++) {
		struct nta_count count = nta_held_look(part->held, dir);

		nta_count_add(&sum[part->flow + dir], count.packets, count.bytes);
		if (!kernel && count.packets)
			nta_cgroup_add_waiting(s->group, nta_unowned_begun,
					       part->flow + dir, &count);
	}
}

static bool nta_unowned_sum_sock(struct nta_sock *s, void *arg)
{
	struct nta_part part;
	int n;

	for (n = 0; nta_sock_part(s, n, &part); n++)
		nta_unowned_sum_part(s, &part, arg);
	return false;
}

/**
 * nta_unowned_sum - sum what sockets without owner hold
 * @sums: receives it
 *
 * Readers of cgroups are given what sockets made in these hold then.
 *
 * Callers that wait for each other share a sum that was begun after they came, so
 * that nobody waits for more than two, however many callers there are.
 *
 * Context: process; sleeps.
 */
void nta_unowned_sum(struct nta_unowned_sums *sums)
{
	unsigned long begun;

	/* What the caller has seen counted is in a sum begun later; pairs with below. */
	smp_mb();
	begun = READ_ONCE(nta_unowned_begun);
	mutex_lock(&nta_unowned_mutex);
	if (nta_unowned_begun == begun) {
		WRITE_ONCE(nta_unowned_begun, begun + 1);
		/* Pairs with the one above. */
		smp_mb();
		memset(&nta_unowned_sums, 0, sizeof(nta_unowned_sums));
		nta_unowned_rotate(nta_unowned_sum_sock, &nta_unowned_sums);
		nta_cgroup_waiting_is_summed(nta_unowned_begun);
	}
	*sums = nta_unowned_sums;
	mutex_unlock(&nta_unowned_mutex);
}
