/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of sockets whose owner is not known.
 */
#ifndef _NTA_UNOWNED_H
#define _NTA_UNOWNED_H

#include <linux/types.h>
#include <net/sock.h>

#include "totals.h"

struct nta_sock;

#define NTA_UNOWNED_SLOTS	256

/**
 * struct nta_unowned - how many sockets have no owner
 * @all: all of them
 * @new_tcp: those of TCP that no walk has looked for yet
 * @new_udp: the same for UDP
 * @slot: all of them, by cookie
 */
struct nta_unowned {
	unsigned int all;
	unsigned int new_tcp;
	unsigned int new_udp;
	unsigned int slot[NTA_UNOWNED_SLOTS];
};

extern struct nta_unowned nta_unowned;

static inline unsigned int *nta_unowned_slot(u64 cookie)
{
	return &nta_unowned.slot[cookie % NTA_UNOWNED_SLOTS];
}

/* How many sockets have no owner? Any context. */
static inline unsigned int nta_unowned_any(void)
{
	return READ_ONCE(nta_unowned.all);
}

/* Is there one of UDP that no walk has looked for? Any context. */
static inline bool nta_unowned_any_new_udp(void)
{
	return READ_ONCE(nta_unowned.new_udp);
}

/* Is there one that no walk has looked for? Any context. */
static inline bool nta_unowned_any_new(void)
{
	return READ_ONCE(nta_unowned.new_tcp) || nta_unowned_any_new_udp();
}

/* Has a socket surely an owner, or no entry? Any context. */
static inline bool nta_unowned_is_none_of(const struct sock *sk)
{
	return !READ_ONCE(*nta_unowned_slot(atomic64_read(&sk->sk_cookie)));
}

void nta_unowned_add(struct nta_sock *s);
void nta_unowned_del(struct nta_sock *s);
bool nta_unowned_oldest(u32 *since);
void nta_unowned_mark_sought(u32 begin);
void nta_unowned_expire(void);
void nta_unowned_waiting(struct nta_count sum[NTA_FLOWS]);

#endif /* _NTA_UNOWNED_H */
