// SPDX-License-Identifier: GPL-2.0-only
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>

#include "magazine.h"
#include "sock.h"

struct rhashtable nta_socks __read_mostly;
u64 nta_sock_multiplier __read_mostly;
unsigned int nta_max_sockets __read_mostly = 1 << 20;
atomic64_t nta_sock_overflows;
atomic_long_t nta_sock_objects;

/* What the floors above do when there is something to do for them. */
static void (*nta_sock_filling)(void);
static void (*nta_sock_settle)(struct nta_sock *s);
static void (*nta_sock_leave)(struct nta_sock *s);
static void (*nta_sock_left)(struct nta_sock *s);

/*
 * What a packet touches is two halves of this size, which are in one cache line of
 * every other entry; a whole line for each would be 32 bytes more an entry.
 */
#define NTA_SOCK_ALIGN		32

/*
 * Without a constructor, though the kernel clears each allocation then: behind objects
 * that have one it keeps a pointer of its own, with which an entry would take 192 bytes
 * and not 160.
 */
static struct kmem_cache *nta_sock_cache;

/* Cleared; bottom halves are off. */
static struct nta_sock *nta_sock_alloc(void)
{
	struct nta_sock *s = nta_magazine_take();

	if (unlikely(!s))
		return kmem_cache_zalloc(nta_sock_cache, GFP_ATOMIC | __GFP_NOWARN);
	memset(s, 0, sizeof(*s));
	return s;
}

/* Bottom halves are off. */
static void nta_sock_release(struct nta_sock *s)
{
	if (!nta_magazine_put(s))
		kmem_cache_free(nta_sock_cache, s);
}

static int nta_sock_compare(struct rhashtable_compare_arg *arg,
			    const void *entry)
{
	const struct nta_sock *s = entry;

	return !nta_sock_key_is(READ_ONCE(s->key), *(const u64 *)arg->key);
}

/* By the cookie alone: one that has no scope yet gets it where it is. */
static u32 nta_sock_hash(const void *key, u32 len, u32 seed)
{
	return nta_sock_hash_cookie(nta_sock_key_cookie(READ_ONCE(*(const u64 *)key)));
}

/* Without a function of its own to compare, the table calls memcmp(). */
static const struct rhashtable_params nta_sock_params = {
	.key_len = sizeof(u64),
	.key_offset = offsetof(struct nta_sock, key),
	.head_offset = offsetof(struct nta_sock, node),
	.hashfn = nta_sock_hash,
	.obj_cmpfn = nta_sock_compare,
	/* 32 KB: so that it need not grow and shrink for a server's connections. */
	.min_size = 4096,
	.automatic_shrinking = true,
};

/**
 * nta_sock_find_slowly - find the entry of a key where nta_sock_peek() did not
 * @table: where that one looked
 * @key: see nta_sock_key()
 *
 * Context: any but hard interrupts, under rcu_read_lock().
 * Return: the entry, valid until rcu_read_unlock(), or NULL.
 */
struct nta_sock *nta_sock_find_slowly(const struct bucket_table *table, u64 key)
{
	/* As in rhashtable_lookup(): entries leave a table only for another one. */
	smp_rmb();
	if (!table->nest && !rcu_access_pointer(table->future_tbl))
		return NULL;
	return rhashtable_lookup(&nta_socks, &key, nta_sock_params);
}

/**
 * nta_sock_cookie_make - make the cookie of a socket that has none yet
 * @sk: a full socket
 *
 * Context: any.
 * Return: the cookie, never 0.
 */
u64 nta_sock_cookie_make(const struct sock *sk)
{
	u32 halves[2];

	sock_diag_save_cookie((struct sock *)sk, halves);
	return halves[0] | (u64)halves[1] << 32;
}

/**
 * nta_sock_on_filling - say what is done when the table is three quarters full
 * @filling: called in softirq or process context, perhaps often
 */
void nta_sock_on_filling(void (*filling)(void))
{
	nta_sock_filling = filling;
}

/**
 * nta_sock_on_free - say what is done with what an entry still holds
 * @settle: called for each entry before it is freed, in softirq or process
 *	context with bottom halves off; puts the owner and the cgroup
 */
void nta_sock_on_free(void (*settle)(struct nta_sock *s))
{
	nta_sock_settle = settle;
}

/**
 * nta_sock_on_leave - say what is done with entries whose end is noted
 * @leave: called for each before it is dropped, in softirq or process context
 * @left: called for each before it is settled, likewise
 */
void nta_sock_on_leave(void (*leave)(struct nta_sock *s), void (*left)(struct nta_sock *s))
{
	nta_sock_leave = leave;
	nta_sock_left = left;
}

/**
 * nta_sock_cookie_mptcp - the cookie of the MPTCP socket of a subflow
 * @subflow: the subflow, which shares the struct socket of that
 *
 * The struct socket is freed after a grace period, and has a reference on the
 * socket in it: whoever still finds it there after taking one too has the right
 * one.
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: the cookie; 0 when the MPTCP socket is being closed.
 */
u64 nta_sock_cookie_mptcp(const struct sock *subflow)
{
	struct socket *sock = READ_ONCE(subflow->sk_socket);
	struct sock *sk = sock ? READ_ONCE(sock->sk) : NULL;
	u64 cookie = 0;

	if (!sk || !refcount_inc_not_zero(&sk->sk_refcnt))
		return 0;
	if (READ_ONCE(sock->sk) == sk)
		cookie = nta_sock_cookie(sk);
	sock_put(sk);
	return cookie;
}

/**
 * nta_sock_add - find or make the entry of a key
 * @sk: the socket that it names, or a subflow of it
 * @key: see nta_sock_key()
 * @added: set when the entry is new; the caller then holds the right to move
 *	it and must attach it to an owner or park it
 *
 * Context: softirq or process with bottom halves off, under rcu_read_lock(); they stay
 * off as long as the caller holds that right.
 * Return: the entry, valid until rcu_read_unlock(); NULL when the table is full
 * or memory is short, which has been counted.
 */
struct nta_sock *nta_sock_add(const struct sock *sk, u64 key, bool *added)
{
	unsigned int max = READ_ONCE(nta_max_sockets);
	struct nta_sock *s, *old;
	unsigned int n;

	*added = false;
	n = atomic_read(&nta_socks.nelems);
	if (n >= max - max / 4)
		nta_sock_filling();
	if (n >= max)
		goto overflow;
	s = nta_sock_alloc();
	if (!s)
		goto overflow;
	s->key = key;
	INIT_LIST_HEAD(&s->link);
	atomic_set(&s->moving, 1);
	s->family = sk->sk_family;
	s->netns = sock_net(sk)->ns.inum;

	old = rhashtable_lookup_get_insert_fast(&nta_socks, &s->node,
						nta_sock_params);
	if (!old) {
		atomic_long_inc(&nta_sock_objects);
		*added = true;
		return s;
	}
	nta_sock_release(s);
	if (!IS_ERR(old))
		return old;
overflow:
	atomic64_inc(&nta_sock_overflows);
	return NULL;
}

/* Where packets of the other scope than the entry's are counted; NULL without memory. */
static struct nta_sock_other *nta_sock_other(struct nta_sock *s)
{
	struct nta_sock_other *other = READ_ONCE(s->other), *old;

	if (likely(other))
		return other;
	other = kzalloc(sizeof(*other), GFP_ATOMIC | __GFP_NOWARN);
	if (!other)
		return NULL;
	old = cmpxchg(&s->other, NULL, other);
	if (!old)
		return other;
	kfree(other);
	return old;
}

/* Which scope does the entry count? The first packet says so. */
static bool nta_sock_is_of(struct nta_sock *s, enum nta_flow flow)
{
	u64 key = READ_ONCE(s->key);

	if (unlikely(key & NTA_KEY_NO_SCOPE)) {
		cmpxchg64(&s->key, key, (key & ~NTA_KEY_SCOPE) | (flow & NTA_LOOPBACK));
		key = READ_ONCE(s->key);
	}
	return !((key ^ flow) & NTA_KEY_LOOPBACK);
}

/**
 * nta_sock_count_any - count packets of a known socket, of any scope
 * @s: its entry
 * @flow: what they are
 * @packets: how many
 * @bytes: their bytes
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: false when there is no memory, which has been counted; the packets are not.
 */
bool nta_sock_count_any(struct nta_sock *s, enum nta_flow flow, u64 packets, u64 bytes)
{
	enum nta_dir dir = flow % NTA_DIRS;
	struct nta_sock_other *other;

	BUILD_BUG_ON((int)NTA_KEY_LOOPBACK != (int)NTA_LOOPBACK);
	/* What only claims the socket, because it comes again, has no scope yet. */
	if (!(packets | bytes))
		return true;
	if (likely(nta_sock_is_of(s, flow))) {
		nta_sock_count(s, dir, packets, bytes);
		return true;
	}
	other = nta_sock_other(s);
	if (!other) {
		atomic64_inc(&nta_sock_overflows);
		return false;
	}
	nta_held_add(&other->held, dir, packets, bytes);
	return true;
}

/**
 * nta_sock_packets - what a socket holds, to compare with a later look
 * @s: its entry
 *
 * Context: as nta_sock_part().
 * Return: number of packets, its lower 32 bits.
 */
u32 nta_sock_packets(struct nta_sock *s)
{
	struct nta_part part;
	u32 packets = 0;
	int n;

	for (n = 0; nta_sock_part(s, n, &part); n++)
		packets += (u32)nta_held_look(part.held, NTA_SND).packets +
			   (u32)nta_held_look(part.held, NTA_RCV).packets;
	return packets;
}

/* No packet can reach the entry any more: what came last is credited here. */
static void nta_sock_free(struct nta_sock *s)
{
	if (unlikely(READ_ONCE(s->ending)))
		nta_sock_left(s);
	nta_sock_settle(s);
	kfree(s->other);
	nta_sock_release(s);
	atomic_long_dec(&nta_sock_objects);
}

/* The same for all that were dropped together. */
static void nta_sock_free_rcu(struct rcu_head *rcu)
{
	struct nta_sock *s = container_of(rcu, struct nta_sock, rcu), *next;

	local_bh_disable();
	for (; s; s = next) {
		next = s->dropped;
		nta_sock_free(s);
	}
	local_bh_enable();
}

/**
 * nta_sock_drop - forget sockets
 * @first: as of nta_sock_unlink(), at most NTA_BATCH; NULL for none. Of one that still
 *	has an owner, what is counted until the grace period ends is the owner's, whose
 *	reference is put then
 *
 * Context: process or softirq.
 */
void nta_sock_drop(struct nta_sock *first)
{
	struct nta_sock *s;

	if (!first)
		return;
	for (s = first; s; s = s->dropped) {
		if (unlikely(READ_ONCE(s->ending)))
			nta_sock_leave(s);
		rhashtable_remove_fast(&nta_socks, &s->node, nta_sock_params);
	}
	call_rcu(&first->rcu, nta_sock_free_rcu);
}

static void nta_sock_destroy(void *entry, void *unused)
{
	local_bh_disable();
	nta_sock_free(entry);
	local_bh_enable();
}

/**
 * nta_sock_setup - make the table of sockets
 *
 * Return: 0 or a negative errno.
 */
int nta_sock_setup(void)
{
	int err;

	nta_sock_multiplier = get_random_u64() | 1;
	nta_sock_cache = kmem_cache_create("nta_sock", sizeof(struct nta_sock),
					   NTA_SOCK_ALIGN, 0, NULL);
	if (!nta_sock_cache)
		return -ENOMEM;
	err = nta_magazine_setup();
	if (err)
		goto err_cache;
	err = rhashtable_init(&nta_socks, &nta_sock_params);
	if (err)
		goto err_magazine;
	return 0;

err_magazine:
	nta_magazine_teardown(nta_sock_cache);
err_cache:
	kmem_cache_destroy(nta_sock_cache);
	return err;
}

/**
 * nta_sock_teardown - free all entries
 *
 * No packet, reader or work item may be under way.
 */
void nta_sock_teardown(void)
{
	rhashtable_free_and_destroy(&nta_socks, nta_sock_destroy, NULL);
	rcu_barrier();
	nta_magazine_teardown(nta_sock_cache);
	kmem_cache_destroy(nta_sock_cache);
}
