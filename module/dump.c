// SPDX-License-Identifier: GPL-2.0-only
/*
 * Goes through a table whose entries come and go and which is resized meanwhile,
 * in as many steps as its reader likes and with nothing held between them. An
 * entry that is there all the time is met at least once: entries move only from
 * a bucket table to its successor, which is gone through after it. After a
 * resize an entry may be met again.
 */
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <net/netlink.h>

#include "dump.h"

/* Buckets that are looked at in one RCU section, and entries that are delivered. */
#define NTA_DUMP_BUCKETS	64

/* The table where the dump is, when it is still in use; else where it goes on. */
static const struct bucket_table *nta_dump_table(struct rhashtable *ht,
						 struct nta_dump *at)
{
	const struct bucket_table *first = rht_dereference_rcu(ht->tbl, ht);
	const struct bucket_table *table;

	for (table = first; table;
	     table = rht_dereference_rcu(table->future_tbl, ht)) {
		if (table == at->table && table->hash_rnd == at->seed)
			return table;
	}
	*at = (struct nta_dump) { .table = first, .seed = first->hash_rnd };
	return first;
}

/* The successor of a table that is done; false when it has none. */
static bool nta_dump_future(struct rhashtable *ht, struct nta_dump *at,
			    const struct bucket_table **table)
{
	/* Pairs with smp_wmb() where rhashtable.c attaches one. */
	smp_rmb();
	*table = rht_dereference_rcu((*table)->future_tbl, ht);
	if (*table)
		*at = (struct nta_dump) {
			.table = *table, .seed = (*table)->hash_rnd,
		};
	return *table;
}

static int nta_dump_hold(const struct bucket_table *table,
			 const struct nta_dump *at,
			 bool (*get)(struct rhash_head *node),
			 struct rhash_head *held[NTA_DUMP_HELD])
{
	struct rhash_head *node;
	u32 skip = at->skip;
	int n = 0;

	rht_for_each_rcu(node, table, at->bucket) {
		if (skip) {
			skip--;
			continue;
		}
		if (get(node))
			held[n++] = node;
		if (n == NTA_DUMP_HELD)
			break;
	}
	return n;
}

/**
 * nta_dump_bucket - hold the entries of the next bucket that has any
 * @ht: the table
 * @at: where the dump is; zeros begin it. It stays at this bucket
 * @get: gets a reference to an entry, or says that it is on its way out
 * @held: receives the entries
 *
 * Context: process; sleeps.
 * Return: how many entries are held; 0 at the end.
 */
int nta_dump_bucket(struct rhashtable *ht, struct nta_dump *at,
		    bool (*get)(struct rhash_head *node),
		    struct rhash_head *held[NTA_DUMP_HELD])
{
	const struct bucket_table *table;
	int i, n = 0;

	for (;;) {
		rcu_read_lock();
		table = nta_dump_table(ht, at);
		for (i = 0; i < NTA_DUMP_BUCKETS; i++) {
			if (at->bucket >= table->size) {
				if (!nta_dump_future(ht, at, &table))
					goto out;
				continue;
			}
			n = nta_dump_hold(table, at, get, held);
			if (n)
				goto out;
			nta_dump_next(at);
		}
		rcu_read_unlock();
		cond_resched();
	}
out:
	rcu_read_unlock();
	return n;
}

/**
 * nta_dump_next - the present bucket is done
 * @at: where the dump is
 */
void nta_dump_next(struct nta_dump *at)
{
	at->bucket++;
	at->skip = 0;
}

/*
 * Put the entries of the present bucket into a message. Of one with very many
 * some are left to the next section; when the message is full the bucket is the
 * first of the next one, and what is already there of it is taken back. When that
 * cannot hold more than a part of it, the dump goes on behind that part.
 */
static int nta_dump_put_bucket(struct sk_buff *skb,
			       const struct bucket_table *table,
			       struct nta_dump *at, int *left,
			       nta_dump_put_fn *put, void *arg)
{
	unsigned char *begin = skb_tail_pointer(skb);
	bool empty = !skb->len;
	struct rhash_head *node;
	u32 n = 0;
	int err;

	rht_for_each_rcu(node, table, at->bucket) {
		if (n++ < at->skip)
			continue;
		err = *left ? put(skb, node, arg) : -EAGAIN;
		if (err && !empty && *left) {
			nlmsg_trim(skb, begin);
			return err;
		}
		if (err) {
			at->skip = n - 1;
			return err;
		}
		--*left;
	}
	nta_dump_next(at);
	return 0;
}

/* What one RCU section can; -EAGAIN when there is more. */
static int nta_dump_put_some(struct sk_buff *skb, struct rhashtable *ht,
			     struct nta_dump *at, nta_dump_put_fn *put, void *arg)
{
	int i, err = 0, left = NTA_DUMP_BUCKETS;
	const struct bucket_table *table;
	bool end = false;

	rcu_read_lock();
	table = nta_dump_table(ht, at);
	for (i = 0; !end && !err && i < NTA_DUMP_BUCKETS; i++) {
		if (at->bucket < table->size)
			err = nta_dump_put_bucket(skb, table, at, &left, put, arg);
		else
			end = !nta_dump_future(ht, at, &table);
	}
	rcu_read_unlock();
	return end ? 0 : err ?: -EAGAIN;
}

/**
 * nta_dump_fill - put the next entries into a message
 * @skb: the message
 * @ht: the table
 * @at: where the dump is; zeros begin it
 * @put: puts an entry into the message, or not, or says that it does not fit
 * @arg: for @put
 *
 * Context: process; sleeps.
 * Return: 0 at the end; an error of @put; -EINTR when a signal waits.
 */
int nta_dump_fill(struct sk_buff *skb, struct rhashtable *ht, struct nta_dump *at,
		  nta_dump_put_fn *put, void *arg)
{
	int err;

	do {
		err = nta_dump_put_some(skb, ht, at, put, arg);
		cond_resched();
	} while (err == -EAGAIN && !signal_pending(current));
	return err == -EAGAIN ? -EINTR : err;
}
