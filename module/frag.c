// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments received. IPv4 shows LOCAL_IN one reassembled datagram, as IPv6
 * does where connections are tracked; then the fragments, which defrag.c saw,
 * are taken from here. Otherwise IPv6 shows them one by one, and only the first
 * has ports: here the others find to whom it went.
 *
 * A record is in one of three states:
 * - open: in the table by its key; its counts wait
 * - owned: in the table by its key; it counts nothing, it tells the owner
 * - done: in the table by the reassembled packet; LOCAL_IN takes it, unless the
 *   firewall drops the datagram or it is forwarded
 * Records are few and need no memory at run time. The oldest goes when a new one
 * is needed or its time is over; what then still waits is counted in a class.
 */
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "frag.h"
#include "packet.h"

#define NTA_FRAG_RECORDS	2048
#define NTA_FRAG_BITS		11

/* How long the stack waits for missing fragments (net.ipv4.ipfrag_time). */
#define NTA_FRAG_LIFE		(30 * HZ)
#define NTA_FRAG_PERIOD		(5 * HZ)

/* A done record is taken at once, or after a user-space queue at the latest. */
#define NTA_FRAG_DONE_LIFE	HZ

enum nta_frag_state {
	NTA_FRAG_OPEN,
	NTA_FRAG_OWNED,
	NTA_FRAG_DONE,
};

/**
 * struct nta_frag - a record: one datagram of which fragments came
 * @node: in the table by key or by packet
 * @age: in the list of used records, by @stamp, or of free ones
 * @key: of an open or owned record
 * @skb: of a done record; compared, never followed
 * @stamp: jiffies when the first fragment came, or when it was done
 * @wire: what came and waits
 * @payload: bytes that came, without headers
 * @owner: of an owned record
 * @flow: NTA_TCP_RCV, NTA_UDP_RCV; NTA_FLOWS when extension headers hide it
 * @state: see above
 * @local: for this host, so that it counts even when nobody takes it
 */
struct nta_frag {
	struct hlist_node node;
	struct list_head age;
	struct nta_frag_key key;
	const struct sk_buff *skb;
	unsigned long stamp;
	struct nta_wire wire;
	u32 payload;
	struct nta_frag_owner owner;
	u8 flow;
	u8 state;
	bool local;
};

static struct nta_frag *nta_frags;
static struct hlist_head nta_frag_by_key[1 << NTA_FRAG_BITS];
static struct hlist_head nta_frag_by_skb[1 << NTA_FRAG_BITS];
static LIST_HEAD(nta_frag_used);
static LIST_HEAD(nta_frag_free);
static struct nta_count nta_frag_open[NTA_FLOWS];
static siphash_key_t nta_frag_seed;

/* Guards all of the above. Raw, for probes take it with preemption disabled. */
static DEFINE_RAW_SPINLOCK(nta_frag_lock);

static void nta_frag_expire(struct work_struct *work);
static DECLARE_DELAYED_WORK(nta_frag_work, nta_frag_expire);

static void nta_frag_start(struct irq_work *work)
{
	schedule_delayed_work(&nta_frag_work, NTA_FRAG_PERIOD);
}

/* A probe may run where no work can be scheduled, see nta_frag_lock_probe(). */
static DEFINE_IRQ_WORK(nta_frag_wake, nta_frag_start);

/*
 * A probe is a breakpoint where functions cannot be traced, and the kernel
 * takes its handler for that of an NMI: it may try a lock and not wait for one.
 * Nothing that is probed is ever called under this lock: whoever holds it is on
 * another CPU, with interrupts off, and gives it back soon.
 */
static unsigned long nta_frag_lock_probe(void)
	__acquires(&nta_frag_lock)
{
	unsigned long flags;

	local_irq_save(flags);
	while (!raw_spin_trylock(&nta_frag_lock))
		cpu_relax();
	return flags;
}

static struct hlist_head *nta_frag_key_bucket(const struct nta_frag_key *key)
{
	u64 hash = siphash(key, sizeof(*key), &nta_frag_seed);

	return &nta_frag_by_key[hash & ((1 << NTA_FRAG_BITS) - 1)];
}

static struct hlist_head *nta_frag_skb_bucket(const struct sk_buff *skb)
{
	return &nta_frag_by_skb[hash_ptr(skb, NTA_FRAG_BITS)];
}

static bool nta_frag_counts(const struct nta_frag *f)
{
	return f->state == NTA_FRAG_OPEN && f->local && f->flow != NTA_FLOWS;
}

static void nta_frag_add(struct nta_frag *f, struct nta_wire wire)
{
	f->wire.packets += wire.packets;
	f->wire.bytes += wire.bytes;
	if (nta_frag_counts(f))
		nta_count_add(&nta_frag_open[f->flow], wire.packets, wire.bytes);
}

/* Take what waits in a record, which counts nothing afterwards. */
static struct nta_wire nta_frag_empty(struct nta_frag *f)
{
	struct nta_wire wire = f->wire;

	if (nta_frag_counts(f))
		nta_count_add(&nta_frag_open[f->flow], -wire.packets, -wire.bytes);
	f->wire = (struct nta_wire) {};
	return wire;
}

static void nta_frag_release(struct nta_frag *f)
{
	nta_frag_empty(f);
	hlist_del_init(&f->node);
	list_move(&f->age, &nta_frag_free);
}

/* Give up a record that nobody takes any more. */
static void nta_frag_settle(struct nta_frag *f, enum nta_class class)
{
	if (nta_frag_counts(f)) {
		nta_totals_all(f->flow, f->wire.packets, f->wire.bytes);
		nta_totals_class(class, f->flow, f->wire.packets, f->wire.bytes);
	}
	nta_frag_release(f);
}

static struct nta_frag *nta_frag_find(const struct nta_frag_key *key)
{
	struct nta_frag *f;

	hlist_for_each_entry(f, nta_frag_key_bucket(key), node)
		if (!memcmp(&f->key, key, sizeof(*key)))
			return f;
	return NULL;
}

static u8 nta_frag_flow(u16 protocol)
{
	if (protocol == IPPROTO_TCP)
		return NTA_TCP_RCV;
	return protocol == IPPROTO_UDP ? NTA_UDP_RCV : NTA_FLOWS;
}

static struct nta_frag *nta_frag_get(const struct nta_frag_key *key, bool local)
{
	struct nta_frag *f = nta_frag_find(key);

	if (f)
		return f;
	if (list_empty(&nta_frag_used))
		irq_work_queue(&nta_frag_wake);
	if (list_empty(&nta_frag_free))
		nta_frag_settle(list_first_entry(&nta_frag_used, struct nta_frag,
						 age), NTA_OVERFLOW);
	f = list_first_entry(&nta_frag_free, struct nta_frag, age);
	f->key = *key;
	f->stamp = jiffies;
	f->payload = 0;
	f->flow = nta_frag_flow(key->protocol);
	f->state = NTA_FRAG_OPEN;
	f->local = local;
	hlist_add_head(&f->node, nta_frag_key_bucket(key));
	list_move_tail(&f->age, &nta_frag_used);
	return f;
}

/**
 * nta_frag_note - a fragment came that LOCAL_IN will not see
 * @key: of its datagram
 * @wire: what the interface counted
 * @payload: bytes without headers
 * @local: it is for this host
 *
 * Context: any but hard interrupts.
 */
void nta_frag_note(const struct nta_frag_key *key, struct nta_wire wire,
		   u32 payload, bool local)
{
	unsigned long flags;
	struct nta_frag *f;

	flags = nta_frag_lock_probe();
	f = nta_frag_get(key, local);
	nta_frag_add(f, wire);
	f->payload += payload;
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
}

/**
 * nta_frag_done - the stack has all fragments of a datagram
 * @key: of the datagram
 * @skb: the packet that it becomes
 *
 * Address translation may change all of @key before LOCAL_IN, but not @skb.
 *
 * Context: any but hard interrupts.
 */
void nta_frag_done(const struct nta_frag_key *key, const struct sk_buff *skb)
{
	struct nta_wire wire;
	unsigned long flags;
	struct nta_frag *f;

	flags = nta_frag_lock_probe();
	f = nta_frag_find(key);
	if (f) {
		wire = nta_frag_empty(f);
		hlist_del(&f->node);
		f->state = NTA_FRAG_DONE;
		f->wire = wire;
		f->skb = skb;
		f->stamp = jiffies;
		list_move_tail(&f->age, &nta_frag_used);
		hlist_add_head(&f->node, nta_frag_skb_bucket(skb));
	}
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
}

static bool nta_frag_matches(const struct nta_frag *f, const struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	return f->skb == skb && f->key.net == state->net &&
	       f->key.pf == state->pf &&
	       time_before_eq(jiffies, f->stamp + NTA_FRAG_DONE_LIFE);
}

/**
 * nta_frag_take - what a reassembled datagram was on the wire
 * @skb: the datagram, in LOCAL_IN
 * @state: of the hook
 *
 * Without a record of all its fragments, for lack of probes, it is estimated
 * from the size of the largest.
 *
 * Return: what the interface counted.
 */
struct nta_wire nta_frag_take(struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct nta_wire wire = {};
	unsigned long flags;
	struct nta_frag *f;
	u32 payload = 0;

	raw_spin_lock_irqsave(&nta_frag_lock, flags);
	hlist_for_each_entry(f, nta_frag_skb_bucket(skb), node) {
		if (nta_frag_matches(f, skb, state)) {
			wire = f->wire;
			payload = f->payload;
			nta_frag_release(f);
			break;
		}
	}
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);

	if (wire.packets && payload >= nta_packet_fragmentable(skb, state->pf))
		return wire;
	return nta_packet_reassembled(skb, state->in, state->pf);
}

/* Read the key from an IPv6 fragment; false when it has none. */
static bool nta_frag_v6_key(const struct sk_buff *skb, const struct net *net,
			    struct nta_frag_key *key)
{
	struct frag_hdr buf;
	const struct frag_hdr *fh;
	unsigned int offset = 0;

	if (ipv6_find_hdr(skb, &offset, NEXTHDR_FRAGMENT, NULL, NULL) < 0)
		return false;
	fh = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!fh)
		return false;
	*key = (struct nta_frag_key) {
		.net = net,
		.saddr.in6 = ipv6_hdr(skb)->saddr,
		.daddr.in6 = ipv6_hdr(skb)->daddr,
		.id = fh->identification,
		.protocol = fh->nexthdr,
		.pf = NFPROTO_IPV6,
	};
	return true;
}

/**
 * nta_frag_first - the fragment that has the transport header came
 * @skb: the fragment, in LOCAL_IN
 * @state: of the hook
 * @owner: who is credited with it
 *
 * Fragments that come later will find @owner.
 *
 * Return: what came before and waited, now @owner's too.
 */
struct nta_wire nta_frag_first(const struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       const struct nta_frag_owner *owner)
{
	struct nta_wire wire = {};
	struct nta_frag_key key;
	unsigned long flags;
	struct nta_frag *f;

	if (!nta_frag_v6_key(skb, state->net, &key))
		return wire;
	raw_spin_lock_irqsave(&nta_frag_lock, flags);
	f = nta_frag_get(&key, true);
	wire = nta_frag_empty(f);
	f->state = NTA_FRAG_OWNED;
	f->owner = *owner;
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
	return wire;
}

/**
 * nta_frag_later - a fragment came that has no transport header
 * @skb: the fragment, in LOCAL_IN
 * @state: of the hook
 * @wire: what the interface counted
 * @owner: set to who is credited with it
 *
 * Return: true when @owner is known; otherwise the fragment waits here.
 */
bool nta_frag_later(const struct sk_buff *skb, const struct nf_hook_state *state,
		    struct nta_wire wire, struct nta_frag_owner *owner)
{
	struct nta_frag_key key;
	unsigned long flags;
	struct nta_frag *f;
	bool owned;

	if (!nta_frag_v6_key(skb, state->net, &key))
		return false;
	raw_spin_lock_irqsave(&nta_frag_lock, flags);
	f = nta_frag_get(&key, true);
	owned = f->state == NTA_FRAG_OWNED;
	if (owned)
		*owner = f->owner;
	else
		nta_frag_add(f, wire);
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
	return owned;
}

/**
 * nta_frag_waiting - what came in fragments of datagrams not yet complete
 * @count: where it is added
 *
 * These packets are in no total yet.
 */
void nta_frag_waiting(struct nta_count count[NTA_FLOWS])
{
	unsigned long flags;
	int flow;

	raw_spin_lock_irqsave(&nta_frag_lock, flags);
	for (flow = 0; flow < NTA_FLOWS; flow++)
		nta_count_add(&count[flow], nta_frag_open[flow].packets,
			      nta_frag_open[flow].bytes);
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
}

/**
 * nta_frag_intact - are all records there, and what waits in them?
 *
 * Looks at all of them with interrupts off: for audits only.
 *
 * Context: process.
 */
bool nta_frag_intact(void)
{
	struct nta_count open[NTA_FLOWS] = {};
	unsigned int n = 0;
	unsigned long flags;
	struct nta_frag *f;
	bool intact;

	raw_spin_lock_irqsave(&nta_frag_lock, flags);
	list_for_each_entry(f, &nta_frag_free, age)
		n++;
	list_for_each_entry(f, &nta_frag_used, age) {
		if (nta_frag_counts(f))
			nta_count_add(&open[f->flow], f->wire.packets, f->wire.bytes);
		n++;
	}
	intact = n == NTA_FRAG_RECORDS && !memcmp(open, nta_frag_open, sizeof(open));
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
	return intact;
}

static void nta_frag_expire(struct work_struct *work)
{
	unsigned long flags;
	struct nta_frag *f;
	bool more;

	/* One at a time, for the lock keeps interrupts off. */
	do {
		raw_spin_lock_irqsave(&nta_frag_lock, flags);
		f = list_first_entry_or_null(&nta_frag_used, struct nta_frag, age);
		more = f && time_after(jiffies, f->stamp + NTA_FRAG_LIFE);
		if (more)
			nta_frag_settle(f, NTA_NOSOCKET);
		else if (f)
			schedule_delayed_work(&nta_frag_work, NTA_FRAG_PERIOD);
		raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
	} while (more);
}

/**
 * nta_frag_net_exit - forget a namespace that gets no packets any more
 * @net: the namespace
 */
void nta_frag_net_exit(struct net *net)
{
	struct nta_frag *f, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(&nta_frag_lock, flags);
	list_for_each_entry_safe(f, next, &nta_frag_used, age)
		if (f->key.net == net)
			nta_frag_settle(f, NTA_NOSOCKET);
	raw_spin_unlock_irqrestore(&nta_frag_lock, flags);
}

/**
 * nta_frag_setup - make the records
 *
 * Return: 0 or -ENOMEM.
 */
int nta_frag_setup(void)
{
	int i;

	nta_frags = vzalloc(array_size(NTA_FRAG_RECORDS, sizeof(*nta_frags)));
	if (!nta_frags)
		return -ENOMEM;
	for (i = 0; i < NTA_FRAG_RECORDS; i++)
		list_add(&nta_frags[i].age, &nta_frag_free);
	get_random_bytes(&nta_frag_seed, sizeof(nta_frag_seed));
	return 0;
}

/**
 * nta_frag_teardown - the reverse
 *
 * To be called when no hook and no probe runs any more.
 */
void nta_frag_teardown(void)
{
	irq_work_sync(&nta_frag_wake);
	cancel_delayed_work_sync(&nta_frag_work);
	vfree(nta_frags);
}
