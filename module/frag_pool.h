/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_FRAG_POOL_H
#define _NTA_FRAG_POOL_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>

#include "totals.h"
#include "wire.h"

/* Records that are allocated, and looked at with interrupts off, in one go: a page. */
#define NTA_FRAG_CHUNK		31

/*
 * A namespace has some records from its beginning, for nothing can be allocated
 * where fragments are noted. It gets more while they are needed, up to as many as
 * the datagrams whose fragments the stack itself holds for it, by default.
 */
#define NTA_FRAG_CHUNKS_LEAST	2
#define NTA_FRAG_CHUNKS_HOST	33
#define NTA_FRAG_CHUNKS_MOST	133

/* What all namespaces together can have beyond their first ones: 8 MB. */
#define NTA_FRAG_CHUNKS_GROWN	2048

/**
 * struct nta_frag_key - by what the stack knows the fragments of one datagram
 * @saddr: source, of IPv4 the first word
 * @daddr: destination, likewise
 * @id: identification
 * @user: for whom it is put together: IP_DEFRAG_*, IP6_DEFRAG_*
 * @dev: index of the interface, of IPv4 that of the VRF; 0 when it does not matter
 * @protocol: of IPv4
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
struct nta_frag_key {
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
	__be32 id;
	u32 user;
	u32 dev;
	u16 protocol;
	u16 pf;
} __aligned(8);

/**
 * struct nta_frag_piece - a fragment
 * @wire: what the interface counted
 * @timeout: jiffies for which the stack waits for the others
 * @payload: bytes without headers
 * @protocol: as it names it
 * @first: what it names is what the datagram is
 * @local: it is for this host
 * @loopback: it came over the loopback interface
 */
struct nta_frag_piece {
	struct nta_wire wire;
	long timeout;
	u32 payload;
	u8 protocol;
	bool first;
	bool local;
	bool loopback;
};

/**
 * struct nta_frag_owner - who is credited with the fragments of a datagram
 * @key: of the socket entry; 0 when there is none
 * @class: the class then
 * @flow: NTA_TCP_RCV or NTA_UDP_RCV, perhaps plus NTA_LOOPBACK; NTA_FLOWS when they do
 *	not count, but the packet that IPsec takes out of the datagram
 */
struct nta_frag_owner {
	u64 key;
	enum nta_class class;
	enum nta_flow flow;
};

enum nta_frag_state {
	NTA_FRAG_FREE,
	NTA_FRAG_OPEN,
	NTA_FRAG_OWNED,
	NTA_FRAG_DONE,
};

/**
 * struct nta_frag - a record: one datagram of which fragments came
 * @node: in the table by key or by packet
 * @age: in a list of used records, those longest untouched first, or of free ones
 * @key: of an open or owned record
 * @deadline: jiffies when the stack has surely given up waiting, or a done
 *	record is of no use
 * @wire: what came and is not counted yet
 * @owner: of an owned record
 * @skb: of a done record; compared, never followed
 * @payload: bytes that came, without headers
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: NTA_TCP_RCV or NTA_UDP_RCV, perhaps plus NTA_LOOPBACK; NTA_FLOWS when
 *	extension headers hide it
 * @state: see frag.c
 * @local: for this host, so that it counts even when nobody takes it
 */
struct nta_frag {
	struct hlist_node node;
	struct list_head age;
	struct nta_frag_key key;
	unsigned long deadline;
	struct nta_wire wire;
	union {
		struct nta_frag_owner owner;
		const struct sk_buff *skb;
	};
	u32 payload;
	u8 pf;
	u8 flow;
	u8 state;
	bool local;
};

/**
 * struct nta_frag_chunk - records that are allocated together
 * @link: in the pool
 * @frags: the records
 */
struct nta_frag_chunk {
	struct list_head link;
	struct nta_frag frags[NTA_FRAG_CHUNK];
};

/**
 * struct nta_frag_pool - the records of a network namespace
 * @mutex: whoever goes through @chunks or changes them; outside of @lock
 * @lock: whoever looks at a record. Raw, for probes take it with preemption
 *	disabled; interrupts off
 * @chunks: all memory
 * @free: records that are not used
 * @unused: how many
 * @total: number of records
 * @least: as many remain
 * @stuck: there was no memory for more
 */
struct nta_frag_pool {
	struct mutex mutex;
	raw_spinlock_t lock;
	struct list_head chunks;
	struct list_head free;
	unsigned int unused;
	unsigned int total;
	unsigned int least;
	bool stuck;
};

/* With the lock held. */
static inline bool nta_frag_pool_is_low(const struct nta_frag_pool *pool)
{
	return pool->unused * 4 < pool->total && !READ_ONCE(pool->stuck) &&
	       pool->total < NTA_FRAG_CHUNKS_MOST * NTA_FRAG_CHUNK;
}

struct nta_frag *nta_frag_pool_get(struct nta_frag_pool *pool);
void nta_frag_pool_put(struct nta_frag_pool *pool, struct nta_frag *f);
void nta_frag_pool_grow(struct nta_frag_pool *pool);
void nta_frag_pool_shrink(struct nta_frag_pool *pool);
int nta_frag_pool_init(struct nta_frag_pool *pool, unsigned int chunks);
void nta_frag_pool_clean(struct nta_frag_pool *pool);

#endif /* _NTA_FRAG_POOL_H */
