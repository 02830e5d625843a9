// SPDX-License-Identifier: GPL-2.0-only
/*
 * The datagrams in fragments of each network namespace. The record of one is
 * - open: in the table by its key; its counts wait
 * - owned: in the table by its key; it counts nothing, it tells the owner
 * - done: in the table by the reassembled packet; LOCAL_IN takes it, unless the
 *   firewall drops the datagram or it is forwarded
 * When there are no more, the one that is longest untouched makes room, and each
 * goes when the stack has given up its datagram. What then still waits is counted
 * in a class.
 *
 * Can a datagram become whole of which a part is counted already, in a class?
 * Not after its time. Of those that made room before, the namespace remembers
 * until when any can (nta_frag_net.partly): what a record lacks by then has been
 * counted, and is not estimated.
 */
#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/siphash.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "frag_net.h"

/* How often records are looked at whose time may be over. */
#define NTA_FRAG_PERIOD		(5 * HZ)

/* A done record is taken at once, or after a user-space queue at the latest. */
#define NTA_FRAG_DONE_LIFE	HZ

/**
 * struct nta_frag_sums - what one CPU added to and took from all records
 * @open: what waits in open ones and counts when nobody takes it
 * @stats: what is shown
 */
struct nta_frag_sums {
	struct nta_count open[NTA_FLOWS];
	struct nta_frag_stats stats;
};

static DEFINE_PER_CPU(struct nta_frag_sums, nta_frag_sums);
static siphash_key_t nta_frag_seed;
static unsigned int nta_frag_net_id;

/* All namespaces, for audits. */
static LIST_HEAD(nta_frag_nets);
static DEFINE_MUTEX(nta_frag_nets_mutex);

/**
 * nta_frag_net - the datagrams of a namespace
 * @net: the namespace
 */
struct nta_frag_net *nta_frag_net(const struct net *net)
{
	return net_generic(net, nta_frag_net_id);
}

/**
 * nta_frag_lock_probe - take the lock of a namespace in a probe
 * @n: the namespace
 *
 * A probe is a breakpoint where functions cannot be traced, and the kernel
 * takes its handler for that of an NMI: it may try a lock and not wait for one.
 * Nothing that is probed is ever called under this lock: whoever holds it is on
 * another CPU, with interrupts off, and gives it back soon.
 *
 * Return: flags to restore.
 */
unsigned long nta_frag_lock_probe(struct nta_frag_net *n)
	__acquires(&n->pool.lock)
{
	unsigned long flags;

	local_irq_save(flags);
	while (!raw_spin_trylock(&n->pool.lock))
		cpu_relax();
	return flags;
}

/*
 * When the stack has surely given up a datagram, if it is given @timeout at the
 * last of its fragments. Its timer may be late by an eighth, as the kernel's
 * timers are.
 */
static unsigned long nta_frag_deadline(long timeout)
{
	timeout = clamp_t(long, timeout, 0, INT_MAX);
	return jiffies + timeout + timeout / 7 + HZ;
}

static void nta_frag_extend(unsigned long *deadline, unsigned long to)
{
	if (time_after(to, *deadline))
		*deadline = to;
}

static struct hlist_head *nta_frag_key_bucket(struct nta_frag_net *n,
					      const struct nta_frag_key *key)
{
	u64 hash = siphash(key, sizeof(*key), &nta_frag_seed);

	return &n->table[hash & ((1 << NTA_FRAG_BITS) - 1)];
}

static struct hlist_head *nta_frag_skb_bucket(struct nta_frag_net *n,
					      const struct sk_buff *skb)
{
	return &n->table[hash_ptr(skb, NTA_FRAG_BITS)];
}

static bool nta_frag_counts(const struct nta_frag *f)
{
	return f->state == NTA_FRAG_OPEN && nta_frag_is_ours(f);
}

static void nta_frag_sum(u8 flow, u64 packets, u64 bytes)
{
	this_cpu_add(nta_frag_sums.open[flow].packets, packets);
	this_cpu_add(nta_frag_sums.open[flow].bytes, bytes);
}

/**
 * nta_frag_add - add to what a record counts
 * @f: the record
 * @wire: what came
 */
void nta_frag_add(struct nta_frag *f, struct nta_wire wire)
{
	f->wire.packets += wire.packets;
	f->wire.bytes += wire.bytes;
	if (nta_frag_counts(f))
		nta_frag_sum(f->flow, wire.packets, wire.bytes);
}

/**
 * nta_frag_empty - take what waits in a record
 * @f: the record
 *
 * Return: what it counts no more.
 */
struct nta_wire nta_frag_empty(struct nta_frag *f)
{
	struct nta_wire wire = f->wire;

	if (nta_frag_counts(f))
		nta_frag_sum(f->flow, -wire.packets, -wire.bytes);
	f->wire = (struct nta_wire) {};
	return wire;
}

/**
 * nta_frag_release - a record is of no use any more
 * @n: the namespace
 * @f: the record, of which nothing is counted now
 */
void nta_frag_release(struct nta_frag_net *n, struct nta_frag *f)
{
	nta_frag_empty(f);
	if (f->state == NTA_FRAG_DONE)
		n->dones--;
	hlist_del(&f->node);
	list_del(&f->age);
	this_cpu_dec(nta_frag_sums.stats.records);
	nta_frag_pool_put(&n->pool, f);
}

/**
 * nta_frag_settle - give up a record that nobody takes any more
 * @n: the namespace
 * @f: the record
 * @class: where is counted what waits in it
 */
void nta_frag_settle(struct nta_frag_net *n, struct nta_frag *f,
		     enum nta_class class)
{
	if (nta_frag_counts(f)) {
		nta_totals_all(f->flow, f->wire.packets, f->wire.bytes);
		nta_totals_class(class, f->flow, f->wire.packets, f->wire.bytes);
		nta_frag_extend(&n->partly, f->deadline);
	}
	nta_frag_release(n, f);
}

/**
 * nta_frag_find - the open or owned record of a datagram
 * @n: the namespace
 * @key: of the datagram
 *
 * Return: NULL when there is none.
 */
struct nta_frag *nta_frag_find(struct nta_frag_net *n,
			       const struct nta_frag_key *key)
{
	struct nta_frag *f;

	hlist_for_each_entry(f, nta_frag_key_bucket(n, key), node)
		if (f->state != NTA_FRAG_DONE && !memcmp(&f->key, key, sizeof(*key)))
			return f;
	return NULL;
}

/**
 * nta_frag_find_done - the done record of a reassembled packet
 * @n: the namespace
 * @skb: the packet
 *
 * Return: NULL when there is none.
 */
struct nta_frag *nta_frag_find_done(struct nta_frag_net *n,
				    const struct sk_buff *skb)
{
	struct nta_frag *f;

	hlist_for_each_entry(f, nta_frag_skb_bucket(n, skb), node)
		if (f->state == NTA_FRAG_DONE && f->skb == skb)
			return f;
	return NULL;
}

static u8 nta_frag_flow(const struct nta_frag_piece *piece)
{
	u8 scope = piece->loopback ? NTA_LOOPBACK : 0;

	if (piece->protocol == IPPROTO_TCP)
		return scope + NTA_TCP_RCV;
	return piece->protocol == IPPROTO_UDP ? scope + NTA_UDP_RCV : NTA_FLOWS;
}

/* Datagrams that are forwarded leave done records: they shall not take all. */
static void nta_frag_evict(struct nta_frag_net *n)
{
	bool done = list_empty(&n->waiting) || n->dones > n->pool.total / 4;

	nta_frag_settle(n, list_first_entry(done ? &n->done : &n->waiting,
					    struct nta_frag, age), NTA_OVERFLOW);
	this_cpu_inc(nta_frag_sums.stats.evicted);
}

static struct nta_frag *nta_frag_new(struct nta_frag_net *n,
				     const struct nta_frag_key *key,
				     const struct nta_frag_piece *piece)
{
	struct nta_frag *f;

	if (n->pool.unused == n->pool.total || nta_frag_pool_is_low(&n->pool))
		irq_work_queue(&n->wake);
	if (!n->pool.unused)
		nta_frag_evict(n);
	f = nta_frag_pool_get(&n->pool);
	f->key = *key;
	f->deadline = jiffies;
	f->wire = (struct nta_wire) {};
	f->payload = 0;
	f->pf = key->pf;
	f->flow = nta_frag_flow(piece);
	f->state = NTA_FRAG_OPEN;
	f->local = piece->local;
	hlist_add_head(&f->node, nta_frag_key_bucket(n, key));
	list_add_tail(&f->age, &n->waiting);
	this_cpu_inc(nta_frag_sums.stats.records);
	return f;
}

/**
 * nta_frag_get - the open or owned record of a datagram of which a fragment came
 * @n: the namespace
 * @key: of the datagram
 * @piece: the fragment
 *
 * Return: the record, a new one if need be.
 */
struct nta_frag *nta_frag_get(struct nta_frag_net *n,
			      const struct nta_frag_key *key,
			      const struct nta_frag_piece *piece)
{
	struct nta_frag *f = nta_frag_find(n, key);
	struct nta_wire wire;

	if (!f)
		f = nta_frag_new(n, key, piece);
	else
		list_move_tail(&f->age, &n->waiting);
	nta_frag_extend(&f->deadline, nta_frag_deadline(piece->timeout));
	if (piece->first && f->flow != nta_frag_flow(piece)) {
		wire = nta_frag_empty(f);
		f->flow = nta_frag_flow(piece);
		nta_frag_add(f, wire);
	}
	return f;
}

/**
 * nta_frag_file - a datagram is whole: make its record a done one
 * @n: the namespace
 * @f: the record
 * @skb: the packet that it has become
 */
void nta_frag_file(struct nta_frag_net *n, struct nta_frag *f,
		   const struct sk_buff *skb)
{
	struct nta_wire wire = nta_frag_empty(f);

	hlist_del(&f->node);
	f->state = NTA_FRAG_DONE;
	f->wire = wire;
	f->skb = skb;
	f->deadline = jiffies + NTA_FRAG_DONE_LIFE;
	n->dones++;
	list_move_tail(&f->age, &n->done);
	hlist_add_head(&f->node, nta_frag_skb_bucket(n, skb));
}

static void nta_frag_sums_read(struct nta_frag_sums *sums)
{
	const struct nta_frag_sums *of;
	int cpu, flow;

	memset(sums, 0, sizeof(*sums));
	for_each_possible_cpu(cpu) {
		of = per_cpu_ptr(&nta_frag_sums, cpu);
		for (flow = 0; flow < NTA_FLOWS; flow++)
			nta_count_add(&sums->open[flow],
				      READ_ONCE(of->open[flow].packets),
				      READ_ONCE(of->open[flow].bytes));
		sums->stats.records += READ_ONCE(of->stats.records);
		sums->stats.evicted += READ_ONCE(of->stats.evicted);
	}
}

/**
 * nta_frag_waiting - what came in fragments of datagrams not yet complete
 * @count: where it is added
 *
 * These packets are in no total yet.
 */
void nta_frag_waiting(struct nta_count count[NTA_FLOWS])
{
	struct nta_frag_sums sums;
	int flow;

	nta_frag_sums_read(&sums);
	for (flow = 0; flow < NTA_FLOWS; flow++)
		nta_count_add(&count[flow], sums.open[flow].packets,
			      sums.open[flow].bytes);
}

/**
 * nta_frag_stats - how many records there are
 * @stats: receives it
 */
void nta_frag_stats(struct nta_frag_stats *stats)
{
	struct nta_frag_sums sums;

	nta_frag_sums_read(&sums);
	*stats = sums.stats;
}

typedef void (*nta_frag_fn)(struct nta_frag_net *n, struct nta_frag *f, void *arg);

/* All used records, with the pool's mutex held; @fn may end them. */
static void nta_frag_each(struct nta_frag_net *n, nta_frag_fn fn, void *arg)
{
	struct nta_frag_chunk *chunk;
	unsigned long flags;
	int i;

	list_for_each_entry(chunk, &n->pool.chunks, link) {
		raw_spin_lock_irqsave(&n->pool.lock, flags);
		for (i = 0; i < NTA_FRAG_CHUNK; i++)
			if (chunk->frags[i].state != NTA_FRAG_FREE)
				fn(n, &chunk->frags[i], arg);
		raw_spin_unlock_irqrestore(&n->pool.lock, flags);
		cond_resched();
	}
}

static void nta_frag_audit(struct nta_frag_net *n, struct nta_frag *f, void *arg)
{
	struct nta_frag_sums *known = arg;

	if (nta_frag_counts(f))
		nta_count_add(&known->open[f->flow], f->wire.packets, f->wire.bytes);
	known->stats.records++;
}

/**
 * nta_frag_intact - are all records there, and what waits in them?
 *
 * Context: process; sleeps.
 */
bool nta_frag_intact(void)
{
	struct nta_frag_sums known = {}, sums;
	struct nta_frag_net *n;
	bool intact = true;
	u64 used;

	mutex_lock(&nta_frag_nets_mutex);
	list_for_each_entry(n, &nta_frag_nets, link) {
		used = known.stats.records;
		mutex_lock(&n->pool.mutex);
		nta_frag_each(n, nta_frag_audit, &known);
		used = known.stats.records - used;
		intact &= used == READ_ONCE(n->pool.total) - READ_ONCE(n->pool.unused);
		mutex_unlock(&n->pool.mutex);
	}
	nta_frag_sums_read(&sums);
	mutex_unlock(&nta_frag_nets_mutex);
	return intact && known.stats.records == sums.stats.records &&
	       !memcmp(known.open, sums.open, sizeof(sums.open));
}

static void nta_frag_end(struct nta_frag_net *n, struct nta_frag *f, void *arg)
{
	nta_frag_settle(n, f, NTA_NOSOCKET);
}

static void nta_frag_end_old(struct nta_frag_net *n, struct nta_frag *f, void *arg)
{
	if (time_after(jiffies, f->deadline))
		nta_frag_settle(n, f, NTA_NOSOCKET);
}

static void nta_frag_expire(struct work_struct *work)
{
	struct nta_frag_net *n = container_of(to_delayed_work(work),
					      struct nta_frag_net, expire);
	unsigned long flags;
	bool used;

	mutex_lock(&n->pool.mutex);
	nta_frag_each(n, nta_frag_end_old, NULL);
	nta_frag_pool_shrink(&n->pool);
	raw_spin_lock_irqsave(&n->pool.lock, flags);
	used = n->pool.unused != n->pool.total;
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
	mutex_unlock(&n->pool.mutex);
	/* Otherwise the first that is used starts it again. */
	if (used)
		schedule_delayed_work(&n->expire, NTA_FRAG_PERIOD);
}

static void nta_frag_grow(struct work_struct *work)
{
	struct nta_frag_net *n = container_of(work, struct nta_frag_net, grow);

	nta_frag_pool_grow(&n->pool);
}

static void nta_frag_wake(struct irq_work *work)
{
	struct nta_frag_net *n = container_of(work, struct nta_frag_net, wake);

	schedule_delayed_work(&n->expire, NTA_FRAG_PERIOD);
	if (READ_ONCE(n->pool.unused) * 4 < READ_ONCE(n->pool.total))
		schedule_work(&n->grow);
}

/**
 * nta_frag_net_begin - accounting begins in a namespace
 * @net: the namespace
 *
 * What the stack has of datagrams by now is not counted.
 */
void nta_frag_net_begin(struct net *net)
{
	struct nta_frag_net *n = nta_frag_net(net);
	long timeout = max_t(long, IPV6_FRAG_TIMEOUT, nta_frag_v6_timeout(net));
	unsigned long flags;

	timeout = max_t(long, timeout, READ_ONCE(net->ipv4.fqdir->timeout));
	raw_spin_lock_irqsave(&n->pool.lock, flags);
	nta_frag_extend(&n->partly, nta_frag_deadline(timeout));
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
}

/**
 * nta_frag_net_end - accounting ends in a namespace
 * @net: the namespace
 *
 * Context: process; sleeps.
 */
void nta_frag_net_end(struct net *net)
{
	struct nta_frag_net *n = nta_frag_net(net);

	mutex_lock(&n->pool.mutex);
	nta_frag_each(n, nta_frag_end, NULL);
	mutex_unlock(&n->pool.mutex);
}

static int __net_init nta_frag_net_init(struct net *net)
{
	bool host = net_eq(net, &init_net);
	struct nta_frag_net *n = nta_frag_net(net);
	int err;

	err = nta_frag_pool_init(&n->pool, host ? NTA_FRAG_CHUNKS_HOST :
						  NTA_FRAG_CHUNKS_LEAST);
	if (err)
		return err;
	INIT_LIST_HEAD(&n->waiting);
	INIT_LIST_HEAD(&n->done);
	n->partly = jiffies;
	init_irq_work(&n->wake, nta_frag_wake);
	INIT_WORK(&n->grow, nta_frag_grow);
	INIT_DELAYED_WORK(&n->expire, nta_frag_expire);
	mutex_lock(&nta_frag_nets_mutex);
	list_add(&n->link, &nta_frag_nets);
	mutex_unlock(&nta_frag_nets_mutex);
	return 0;
}

/* Accounting has ended, and no probe runs for it any more. */
static void __net_exit nta_frag_net_exit(struct net *net)
{
	struct nta_frag_net *n = nta_frag_net(net);

	irq_work_sync(&n->wake);
	cancel_work_sync(&n->grow);
	cancel_delayed_work_sync(&n->expire);
	nta_frag_net_end(net);
	mutex_lock(&nta_frag_nets_mutex);
	list_del(&n->link);
	mutex_unlock(&nta_frag_nets_mutex);
	nta_frag_pool_clean(&n->pool);
}

static struct pernet_operations nta_frag_net_ops = {
	.init = nta_frag_net_init,
	.exit = nta_frag_net_exit,
	.id = &nta_frag_net_id,
	.size = sizeof(struct nta_frag_net),
};

/**
 * nta_frag_setup - make the records
 *
 * Return: 0 or a negative errno.
 */
int nta_frag_setup(void)
{
	get_random_bytes(&nta_frag_seed, sizeof(nta_frag_seed));
	return register_pernet_subsys(&nta_frag_net_ops);
}

/**
 * nta_frag_teardown - the reverse
 *
 * To be called when no hook and no probe runs any more.
 */
void nta_frag_teardown(void)
{
	unregister_pernet_subsys(&nta_frag_net_ops);
}
