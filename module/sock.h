/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_SOCK_H
#define _NTA_SOCK_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/udp.h>
#include <net/sock.h>

#include "totals.h"

/* How many entries of a list are looked at with bottom halves off. */
#define NTA_BATCH	64

struct nta_cgroup;
struct nta_thread;
struct pid;

/**
 * enum nta_claim - how the owner of a socket was found
 * @NTA_CLAIM_NONE: it was not
 * @NTA_CLAIM_GUESS: it holds a descriptor, or uses it for neither of these
 * @NTA_CLAIM_READ: it receives
 * @NTA_CLAIM_SEND: it sends, connects or listens
 *
 * The weakest first: a claim makes no new owner where a stronger one has.
 */
enum nta_claim {
	NTA_CLAIM_NONE,
	NTA_CLAIM_GUESS,
	NTA_CLAIM_READ,
	NTA_CLAIM_SEND,
};

/**
 * enum nta_handed - does a part of the kernel use a socket that user space made?
 * @NTA_HANDED_NOT: nothing says so
 * @NTA_HANDED_PERHAPS: if no process holds it
 * @NTA_HANDED_SURE: whoever holds it
 */
enum nta_handed {
	NTA_HANDED_NOT,
	NTA_HANDED_PERHAPS,
	NTA_HANDED_SURE,
};

/**
 * enum nta_reads - what reading from a socket changes
 * @NTA_READS_NOTHING: whoever reads does not become the owner
 * @NTA_READS_OTHERS: whoever reads does, but for its owner
 * @NTA_READS_ANY: whoever reads does
 */
enum nta_reads {
	NTA_READS_NOTHING,
	NTA_READS_OTHERS,
	NTA_READS_ANY,
};

/**
 * enum nta_ending - does somebody want to know what an entry counted before its socket closed?
 * @NTA_ENDING_NOT: nobody does
 * @NTA_ENDING_NOTED: somebody does
 * @NTA_ENDING_LEAVING: likewise, and it waits for a grace period
 * @NTA_ENDING_TOLD: it has been told
 */
enum nta_ending {
	NTA_ENDING_NOT,
	NTA_ENDING_NOTED,
	NTA_ENDING_LEAVING,
	NTA_ENDING_TOLD,
};

/**
 * struct nta_held - what is not yet folded into the owner
 * @packets: by direction
 * @bytes: by direction
 */
struct nta_held {
	atomic64_t packets[NTA_DIRS];
	atomic64_t bytes[NTA_DIRS];
};

/**
 * struct nta_sock_other - what a socket carries that is not of the scope in its key
 * @held: not yet folded into the owner
 * @folded: by direction, what has been folded; under the lock of the owner
 */
struct nta_sock_other {
	struct nta_held held;
	struct nta_count folded[NTA_DIRS];
};

/**
 * struct nta_sock - what is known of one local socket
 * @node: in the table of sockets
 * @key: the kernel's socket cookie, the protocol and the scope, see nta_sock_key()
 * @pid: the owner's when it has nothing more to claim by sending, to compare
 *	with and never to follow; else NULL
 * @owner: thread that is credited, with a reference; NULL while unknown.
 *	Changed by the holder of @moving alone
 * @held: what is counted, of the scope in @key
 * @link: among the owner's sockets, under the lock of its process, or among
 *	the unowned sockets, under their lock
 * @rcu: for the release, when it is on no list any more
 * @moving: 1 while somebody moves the entry between these lists, and for good
 *	once the entry is dropped
 * @stamp: number of the last fold that visited this entry
 * @last: number of packets at the last look, where the owner is a guess or unknown
 * @dropped: of one that waits for a grace period: another that waits for the same
 * @since: since when it has no owner, in jiffies; only while it has none
 * @written: of a connection whose owner reads: where its stream ended then; 0 if
 *	that is not known; only while it has an owner
 * @closed: the connection is no more: the next collection drops the entry
 * @active: carried something since the last collection
 * @idle: number of collections without traffic
 * @sought: a walk has looked for its owner
 * @claim: how its owner was found, changed by the holder of @moving alone
 * @family: address family of the socket
 * @handed: an nta_handed, of a socket without owner; changed under the lock of these
 * @ending: an nta_ending, see closing.c
 * @netns: inode of its network namespace
 * @unheld: of one without owner: a walk has looked everywhere and found nobody who
 *	holds it
 * @reads: an nta_reads; see nta_reader_note()
 * @other: NULL until it carries something of the other scope
 * @group: of one that had no owner at first: the cgroup in which it was made, with a
 *	reference
 * @folded: by direction, what has been folded of @held; under the lock of its owner
 *
 * The first 64 bytes are all that a packet of a known socket touches. The
 * entry is a cache: once folded, dropping it only forgets the owner.
 */
struct nta_sock {
	struct rhash_head node;
	u64 key;
	struct pid *pid;
	struct nta_thread __rcu *owner;
	struct nta_held held;

	union {
		struct list_head link;
		struct rcu_head rcu;
	};
	atomic_t moving;
	union {
		u32 since;
		u32 written;
	};
	union {
		struct {
			u32 stamp;
			u32 last;
		};
		struct nta_sock *dropped;
	};
	bool closed;
	bool active;
	u8 idle;
	bool sought;
	u8 claim;
	u8 family;
	u8 handed;
	u8 ending;
	u32 netns;
	bool unheld;
	u8 reads;
	struct nta_sock_other *other;
	struct nta_cgroup *group;
	struct nta_count folded[NTA_DIRS];
};

extern struct rhashtable nta_socks;
extern u64 nta_sock_multiplier;
extern unsigned int nta_max_sockets;
extern atomic64_t nta_sock_overflows;

/* Entries that exist, those that wait for a grace period included. */
extern atomic_long_t nta_sock_objects;

/*
 * In a key, besides the cookie: what kind of entry it is, and which scope is counted in
 * it. It has no scope yet before its first packet when that is not what it was made by.
 * One instruction makes the key of a packet of its cookie, shifted so far and no further.
 */
#define NTA_KEY_UDP		1ULL
#define NTA_KEY_SUBFLOW		2ULL
#define NTA_KEY_IKE		3ULL
#define NTA_KEY_LOOPBACK	4ULL
#define NTA_KEY_SHIFT		3
#define NTA_KEY_NO_SCOPE	BIT_ULL(63)
#define NTA_KEY_SCOPE		(NTA_KEY_LOOPBACK | NTA_KEY_NO_SCOPE)

/**
 * nta_sock_hash_cookie - hash a socket cookie
 * @cookie: of the socket
 *
 * Multiplicative hashing (Dietzfelbinger et al., 1997) with a multiplier that
 * is random: remote parties can guess the order of cookies, but no two that
 * collide.
 */
static inline u32 nta_sock_hash_cookie(u64 cookie)
{
	return (cookie * nta_sock_multiplier) >> 32;
}

/**
 * nta_sock_key - name the entry of a socket
 * @cookie: of the socket
 * @flow: NTA_TCP_SND or NTA_UDP_SND, perhaps plus NTA_LOOPBACK
 *
 * A raw socket can send both protocols and then has an entry for each. Of one that
 * carries packets over loopback and over other interfaces there is one entry.
 */
static inline u64 nta_sock_key(u64 cookie, enum nta_flow flow)
{
	return cookie << NTA_KEY_SHIFT | (flow & NTA_LOOPBACK) |
	       (nta_flow_is_udp(flow) ? NTA_KEY_UDP : 0);
}

/**
 * nta_sock_is_ike - does this socket also get the packets of IPsec in UDP?
 * @sk: a full socket
 */
static inline bool nta_sock_is_ike(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_UDP && sk->sk_type == SOCK_DGRAM &&
	       READ_ONCE(udp_sk(sk)->encap_type) == UDP_ENCAP_ESPINUDP;
}

/**
 * nta_sock_key_of - name the entry of a socket that is at hand
 * @sk: a full socket, of a kind that can have an entry
 * @cookie: of the socket, or of that which the application has instead
 * @flow: as of nta_sock_key()
 *
 * Not all that comes for the socket of an IKE daemon is its own. By a name of
 * its own the entry is not found before that has been looked at.
 */
static inline u64 nta_sock_key_of(const struct sock *sk, u64 cookie,
				  enum nta_flow flow)
{
	u64 key = nta_sock_key(cookie, flow);

	if (nta_flow_is_udp(flow) && nta_sock_is_ike(sk))
		key |= NTA_KEY_IKE;
	return key;
}

/* The cookie that a key was made of. */
static inline u64 nta_sock_key_cookie(u64 key)
{
	return (key & ~NTA_KEY_NO_SCOPE) >> NTA_KEY_SHIFT;
}

/**
 * nta_sock_key_subflow - name the entry of an MPTCP subflow
 * @cookie: of the subflow, whose MPTCP socket is not known yet
 * @flow: as of nta_sock_key()
 *
 * Another name than the subflow's own, under which none must be found once it
 * has an MPTCP socket.
 */
static inline u64 nta_sock_key_subflow(u64 cookie, enum nta_flow flow)
{
	return nta_sock_key(cookie, flow) | NTA_KEY_SUBFLOW;
}

/* Do two keys name the same entry? */
static inline bool nta_sock_key_is(u64 key, u64 other)
{
	return !((key ^ other) & ~NTA_KEY_SCOPE);
}

/* Plus the direction it is the nta_flow that is counted in an entry of this key itself. */
static inline enum nta_flow nta_sock_key_flow(u64 key)
{
	return (key & NTA_KEY_LOOPBACK) + (key & NTA_KEY_UDP ? NTA_UDP_SND : NTA_TCP_SND);
}

static inline bool nta_sock_is_udp(const struct nta_sock *s)
{
	return READ_ONCE(s->key) & NTA_KEY_UDP;
}

static __always_inline struct bucket_table *nta_sock_table(void)
{
	return rht_dereference_rcu(nta_socks.tbl, &nta_socks);
}

/* As nta_sock_peek(); of keys the bits in @mask are compared. */
static __always_inline struct nta_sock *
nta_sock_look(const struct bucket_table *table, u64 cookie, u64 key, u64 mask)
{
	u32 hash = nta_sock_hash_cookie(cookie) & (table->size - 1);
	unsigned long node;
	struct nta_sock *s;

	/* It is a small number; GCC compares a byte in an instruction fewer. */
	if (unlikely((u8)table->nest))
		return NULL;
	/* Bit 0 is the lock of a bucket, and at the end of its list set, too. */
	node = (unsigned long)rcu_dereference(table->buckets[hash]) & ~BIT(0);
	if (unlikely(!node))
		return NULL;
	do {
		s = container_of((struct rhash_head *)node, struct nta_sock, node);
		/* Plain, to be compared where it is. It changes once at most, from no scope. */
		if (likely((data_race(s->key) & mask) == (key & mask))) {
			/* The kernel has compilers believe that it may be NULL. */
			if (!s)
				__builtin_unreachable();
			return s;
		}
		node = (unsigned long)rcu_dereference(s->node.next);
	} while (!(node & BIT(0)));
	return NULL;
}

/**
 * nta_sock_peek - find the entry of a socket that counts a scope, in a few instructions
 * @table: what nta_sock_table() says
 * @cookie: of the socket
 * @key: see nta_sock_key()
 *
 * What rhashtable_lookup() does while the table rests, and without calls.
 *
 * Context: any but hard interrupts, under rcu_read_lock().
 * Return: the entry, valid until rcu_read_unlock(), or NULL: then
 * nta_sock_find() knows whether there is one, perhaps of another scope.
 */
static __always_inline struct nta_sock *
nta_sock_peek(const struct bucket_table *table, u64 cookie, u64 key)
{
	return nta_sock_look(table, cookie, key, ~0ULL);
}

struct nta_sock *nta_sock_find_slowly(const struct bucket_table *table, u64 key);

/**
 * nta_sock_find - find the entry of a key, whatever scope it counts
 * @key: see nta_sock_key()
 *
 * Context: any but hard interrupts, under rcu_read_lock().
 * Return: the entry, valid until rcu_read_unlock(), or NULL.
 */
static inline struct nta_sock *nta_sock_find(u64 key)
{
	const struct bucket_table *table = nta_sock_table();

	return nta_sock_look(table, nta_sock_key_cookie(key), key, ~NTA_KEY_SCOPE) ?:
	       nta_sock_find_slowly(table, key);
}

static inline void nta_held_add(struct nta_held *held, enum nta_dir dir,
				u64 packets, u64 bytes)
{
	atomic64_add(packets, &held->packets[dir]);
	atomic64_add(bytes, &held->bytes[dir]);
}

/**
 * nta_sock_count - count packets of a known socket
 * @s: its entry, of their scope
 * @dir: NTA_SND or NTA_RCV
 * @packets: how many
 * @bytes: their bytes
 *
 * Context: softirq or process, under rcu_read_lock(). Takes no lock and writes
 * one cache line, which belongs to this socket.
 */
static inline void nta_sock_count(struct nta_sock *s, enum nta_dir dir,
				  u64 packets, u64 bytes)
{
	nta_held_add(&s->held, dir, packets, bytes);
}

bool nta_sock_count_any(struct nta_sock *s, enum nta_flow flow, u64 packets, u64 bytes);

/**
 * nta_held_take - take what is held of one direction
 * @held: where
 * @dir: NTA_SND or NTA_RCV
 * @count: receives packets and bytes, unless there are none
 *
 * Whatever is counted meanwhile is either taken or stays; nothing is lost.
 *
 * Context: any.
 * Return: whether there was anything.
 */
static inline bool nta_held_take(struct nta_held *held, enum nta_dir dir,
				 struct nta_count *count)
{
	if (!(atomic64_read(&held->packets[dir]) | atomic64_read(&held->bytes[dir])))
		return false;
	count->packets = atomic64_xchg(&held->packets[dir], 0);
	count->bytes = atomic64_xchg(&held->bytes[dir], 0);
	return true;
}

/* Is anything held? Any context. */
static inline bool nta_held_any(const struct nta_held *held)
{
	return atomic64_read(&held->packets[NTA_SND]) | atomic64_read(&held->bytes[NTA_SND]) |
	       atomic64_read(&held->packets[NTA_RCV]) | atomic64_read(&held->bytes[NTA_RCV]);
}

/**
 * nta_held_look - what is held of one direction?
 * @held: where
 * @dir: NTA_SND or NTA_RCV
 */
static inline struct nta_count nta_held_look(const struct nta_held *held, enum nta_dir dir)
{
	return (struct nta_count) {
		atomic64_read(&held->packets[dir]), atomic64_read(&held->bytes[dir]),
	};
}

/**
 * struct nta_part - what a socket carries of one scope
 * @held: not yet folded
 * @folded: folded
 * @flow: plus the direction it is an nta_flow
 */
struct nta_part {
	struct nta_held *held;
	struct nta_count *folded;
	enum nta_flow flow;
};

/**
 * nta_sock_part - go through what a socket carries, scope by scope
 * @s: its entry
 * @n: 0, then 1
 * @part: receives it
 *
 * Context: any, under rcu_read_lock() or the lock of the list on which the entry is.
 * Return: false when there is no more.
 */
static __always_inline bool nta_sock_part(struct nta_sock *s, int n, struct nta_part *part)
{
	u64 key = READ_ONCE(s->key);
	struct nta_sock_other *other;

	/* Nothing is counted before it has a scope, which it may get just now. */
	if (unlikely(key & NTA_KEY_NO_SCOPE))
		return false;
	if (n == 0) {
		*part = (struct nta_part) { &s->held, s->folded, nta_sock_key_flow(key) };
		return true;
	}
	/* Pairs with cmpxchg() in nta_sock_other(). */
	other = READ_ONCE(s->other);
	if (likely(n > 1 || !other))
		return false;
	*part = (struct nta_part) {
		&other->held, other->folded, nta_sock_key_flow(key) ^ NTA_LOOPBACK,
	};
	return true;
}

u32 nta_sock_packets(struct nta_sock *s);

/**
 * nta_sock_holds_any - is anything counted that is not folded?
 * @s: the entry
 */
static inline bool nta_sock_holds_any(const struct nta_sock *s)
{
	const struct nta_sock_other *other = READ_ONCE(s->other);

	return nta_held_any(&s->held) || (unlikely(other) && nta_held_any(&other->held));
}

/**
 * nta_sock_trymove - become the one who may change owner and list of an entry
 * @s: the entry
 *
 * Return: true when the caller now holds the right, until nta_sock_moved().
 */
static inline bool nta_sock_trymove(struct nta_sock *s)
{
	return !atomic_xchg_acquire(&s->moving, 1);
}

static inline void nta_sock_moved(struct nta_sock *s)
{
	atomic_set_release(&s->moving, 0);
}

/**
 * nta_sock_is_kernel - does what an entry without owner holds count as the kernel's?
 * @s: the entry
 */
static inline bool nta_sock_is_kernel(const struct nta_sock *s)
{
	u8 handed = READ_ONCE(s->handed);

	return handed == NTA_HANDED_SURE ||
	       (handed == NTA_HANDED_PERHAPS && READ_ONCE(s->unheld));
}

u64 nta_sock_cookie_make(const struct sock *sk);

/**
 * nta_sock_cookie - the kernel's own name of a socket
 * @sk: a full socket
 *
 * Makes the cookie when nobody has asked for it before. A cookie is never
 * reused while the kernel runs.
 *
 * Context: any.
 * Return: the cookie, never 0.
 */
static inline u64 nta_sock_cookie(const struct sock *sk)
{
	return atomic64_read(&sk->sk_cookie) ?: nta_sock_cookie_make(sk);
}

void nta_sock_on_filling(void (*filling)(void));
void nta_sock_on_free(void (*settle)(struct nta_sock *s));
void nta_sock_on_leave(void (*leave)(struct nta_sock *s), void (*left)(struct nta_sock *s));
u64 nta_sock_cookie_mptcp(const struct sock *subflow);
struct nta_sock *nta_sock_add(const struct sock *sk, u64 key, bool *added);
void nta_sock_drop(struct nta_sock *first);

/**
 * nta_sock_unlink - take an entry off its list, for nta_sock_drop()
 * @s: the entry; the caller holds the right to move it and the lock of the list, and
 *	never gives the right back
 * @first: those taken before; NULL for none
 *
 * Return: all of them.
 */
static inline struct nta_sock *nta_sock_unlink(struct nta_sock *s, struct nta_sock *first)
{
	list_del(&s->link);
	s->dropped = first;
	return s;
}

/**
 * nta_sock_rotate - visit each entry of a list once, in batches
 * @list: the entries; those visited go to its end
 * @lock: of the list, taken with bottom halves off and given back between batches
 * @stamp: number of this visit: the list is done when its first entry bears it
 * @visit: called for each entry, under @lock; says that the entry is to be dropped
 *	when it has taken the right to move it
 * @arg: for @visit
 *
 * Inlined, so that the compiler knows @visit: readers visit each of their sockets.
 *
 * Context: process; sleeps.
 */
static __always_inline void
nta_sock_rotate(struct list_head *list, spinlock_t *lock, u32 stamp,
		bool (*visit)(struct nta_sock *s, void *arg), void *arg)
{
	struct nta_sock *s, *dropped;
	bool more = true;
	int n;

	while (more) {
		dropped = NULL;
		spin_lock_bh(lock);
		for (n = 0; more && n < NTA_BATCH; n++) {
			s = list_first_entry_or_null(list, struct nta_sock,
						     link);
			if (!s || s->stamp == stamp) {
				more = false;
				break;
			}
			s->stamp = stamp;
			if (visit(s, arg))
				dropped = nta_sock_unlink(s, dropped);
			else
				list_move_tail(&s->link, list);
		}
		spin_unlock_bh(lock);
		nta_sock_drop(dropped);
		cond_resched();
	}
}

int nta_sock_setup(void);
void nta_sock_teardown(void);

#endif /* _NTA_SOCK_H */
