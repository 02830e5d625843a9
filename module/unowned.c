// SPDX-License-Identifier: GPL-2.0-only
#include <linux/jiffies.h>

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

/* Number of the present visit, under nta_task_mutex; see nta_sock.stamp. */
static u32 nta_unowned_stamp;

/* An entry is among those that no walk has looked for (@n is 1) or no more. */
static void nta_unowned_note_new(const struct nta_sock *s, int n)
{
	unsigned int *sum = s->flow == NTA_UDP_SND ? &nta_unowned.new_udp :
						     &nta_unowned.new_tcp;

	lockdep_assert_held(&nta_unowned_lock);
	WRITE_ONCE(*sum, *sum + n);
}

/* An entry is unowned (@n is 1) or no more (-1). */
static void nta_unowned_note(const struct nta_sock *s, int n)
{
	unsigned int *slot = nta_unowned_slot(nta_sock_key_cookie(s->key));

	lockdep_assert_held(&nta_unowned_lock);
	WRITE_ONCE(*slot, *slot + n);
	WRITE_ONCE(nta_unowned.all, nta_unowned.all + n);
	if (!s->sought)
		nta_unowned_note_new(s, n);
}

/**
 * nta_unowned_add - put an entry among those without owner
 * @s: the entry, on no list; the caller holds the right to move it
 *
 * Context: softirq or process.
 */
void nta_unowned_add(struct nta_sock *s)
{
	spin_lock_bh(&nta_unowned_lock);
	s->stamp = READ_ONCE(nta_unowned_stamp);
	s->idle = 0;
	s->since = jiffies;
	s->sought = false;
	list_add_tail(&s->link, &nta_unowned_new);
	nta_unowned_note(s, 1);
	spin_unlock_bh(&nta_unowned_lock);
}

/**
 * nta_unowned_del - take an entry out again
 * @s: the entry; the caller holds the right to move it
 *
 * Context: softirq or process.
 */
void nta_unowned_del(struct nta_sock *s)
{
	spin_lock_bh(&nta_unowned_lock);
	list_del_init(&s->link);
	nta_unowned_note(s, -1);
	spin_unlock_bh(&nta_unowned_lock);
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
 *
 * Context: process.
 */
void nta_unowned_mark_sought(u32 begin)
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

	lockdep_assert_held(&nta_task_mutex);
	WRITE_ONCE(nta_unowned_stamp, nta_unowned_stamp + 1);
	stamp = nta_unowned_stamp;
	nta_sock_rotate(&nta_unowned_new, &nta_unowned_lock, stamp, visit, arg);
	nta_sock_rotate(&nta_unowned_old, &nta_unowned_lock, stamp, visit, arg);
}

static bool nta_unowned_expire_sock(struct nta_sock *s, void *unused)
{
	u32 packets = atomic64_read(&s->packets[NTA_SND]) +
		      atomic64_read(&s->packets[NTA_RCV]);

	s->idle = packets != s->last ? 0 : min_t(int, s->idle + 1, U8_MAX);
	s->last = packets;
	if (s->idle < NTA_IDLE_UNOWNED || !nta_sock_trymove(s))
		return false;
	nta_unowned_note(s, -1);
	return true;
}

/**
 * nta_unowned_expire - drop entries that no walk found an owner for and that
 * carry nothing any more
 *
 * What they hold becomes traffic of sockets whose process is gone.
 *
 * Context: process, nta_task_mutex held; once in a collection.
 */
void nta_unowned_expire(void)
{
	nta_unowned_rotate(nta_unowned_expire_sock, NULL);
}

static bool nta_unowned_sum(struct nta_sock *s, void *arg)
{
	struct nta_count *sum = arg;
	int dir;

	for (dir = 0; dir < NTA_DIRS; dir++)
		nta_count_add(&sum[s->flow + dir],
			      atomic64_read(&s->packets[dir]),
			      atomic64_read(&s->bytes[dir]));
	return false;
}

/**
 * nta_unowned_waiting - sum what waits for an owner
 * @sum: receives packets and bytes by flow
 *
 * Context: process, nta_task_mutex held.
 */
void nta_unowned_waiting(struct nta_count sum[NTA_FLOWS])
{
	memset(sum, 0, NTA_FLOWS * sizeof(*sum));
	nta_unowned_rotate(nta_unowned_sum, sum);
}
