/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_DUMP_H
#define _NTA_DUMP_H

#include <linux/rhashtable.h>
#include <linux/skbuff.h>

/* Entries of a bucket that are held at a time. */
#define NTA_DUMP_HELD	32

/**
 * struct nta_dump - how far a dump of a table has come
 * @table: bucket table it is in; compared, never followed
 * @seed: of that table, which no other at the same address has
 * @bucket: the next one
 * @skip: entries of that bucket that were delivered already
 */
struct nta_dump {
	const struct bucket_table *table;
	u32 seed;
	u32 bucket;
	u32 skip;
};

int nta_dump_bucket(struct rhashtable *ht, struct nta_dump *at,
		    bool (*get)(struct rhash_head *node),
		    struct rhash_head *held[NTA_DUMP_HELD]);
void nta_dump_next(struct nta_dump *at);

/* Puts an entry into a message: under RCU, does not sleep. 0 or a negative errno. */
typedef int nta_dump_put_fn(struct sk_buff *skb, struct rhash_head *node, void *arg);

int nta_dump_fill(struct sk_buff *skb, struct rhashtable *ht, struct nta_dump *at,
		  nta_dump_put_fn *put, void *arg);

#endif /* _NTA_DUMP_H */
