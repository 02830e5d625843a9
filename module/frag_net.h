/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The datagrams in fragments of each network namespace.
 */
#ifndef _NTA_FRAG_NET_H
#define _NTA_FRAG_NET_H

#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "frag_pool.h"
#include "totals.h"

#define NTA_FRAG_BITS		8

/**
 * struct nta_frag_net - the datagrams of a network namespace
 * @pool: their records, and the lock of all but @link and the works
 * @table: open and owned ones by key, done ones by packet
 * @waiting: open and owned ones, those longest untouched first
 * @done: done ones, the oldest first
 * @dones: how many
 * @partly: jiffies until when a datagram can become whole of which a part is
 *	counted, or came before anything was
 * @link: in the list of all
 * @wake: starts the works from where no work can be scheduled
 * @grow: gets more records
 * @expire: looks for records whose time is over, while any is used
 */
struct nta_frag_net {
	struct nta_frag_pool pool;
	struct hlist_head table[1 << NTA_FRAG_BITS];
	struct list_head waiting;
	struct list_head done;
	unsigned int dones;
	unsigned long partly;
	struct list_head link;
	struct irq_work wake;
	struct work_struct grow;
	struct delayed_work expire;
};

/**
 * struct nta_frag_stats - the records of all namespaces
 * @records: how many are used
 * @evicted: how many had to make room for others
 */
struct nta_frag_stats {
	u64 records;
	u64 evicted;
};

/* Is a packet of this datagram counted when nobody takes it? */
static inline bool nta_frag_is_ours(const struct nta_frag *f)
{
	return f->local && f->flow != NTA_FLOWS;
}

/* How long the stack waits for the fragments of an IPv6 datagram. */
static inline long nta_frag_v6_timeout(const struct net *net)
{
	const struct fqdir *fqdir = net->ipv6.fqdir;

	return fqdir ? READ_ONCE(fqdir->timeout) : IPV6_FRAG_TIMEOUT;
}

struct nta_frag_net *nta_frag_net(const struct net *net);
unsigned long nta_frag_lock_probe(struct nta_frag_net *n) __acquires(&n->pool.lock);

/* With the lock of the namespace's pool held. */
struct nta_frag *nta_frag_find(struct nta_frag_net *n,
			       const struct nta_frag_key *key);
struct nta_frag *nta_frag_find_done(struct nta_frag_net *n,
				    const struct sk_buff *skb);
struct nta_frag *nta_frag_get(struct nta_frag_net *n,
			      const struct nta_frag_key *key,
			      const struct nta_frag_piece *piece);
void nta_frag_add(struct nta_frag *f, struct nta_wire wire);
struct nta_wire nta_frag_empty(struct nta_frag *f);
void nta_frag_file(struct nta_frag_net *n, struct nta_frag *f,
		   const struct sk_buff *skb);
void nta_frag_release(struct nta_frag_net *n, struct nta_frag *f);
void nta_frag_settle(struct nta_frag_net *n, struct nta_frag *f,
		     enum nta_class class);

void nta_frag_waiting(struct nta_count count[NTA_FLOWS]);
void nta_frag_stats(struct nta_frag_stats *stats);
bool nta_frag_intact(void);
void nta_frag_net_begin(struct net *net);
void nta_frag_net_end(struct net *net);
int nta_frag_setup(void);
void nta_frag_teardown(void);

#endif /* _NTA_FRAG_NET_H */
