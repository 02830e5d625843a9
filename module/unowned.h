/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries of sockets whose owner is not known.
 */
#ifndef _NTA_UNOWNED_H
#define _NTA_UNOWNED_H

#include <linux/types.h>

#include "sock.h"
#include "totals.h"

/**
 * struct nta_unowned - how many sockets have no owner
 * @all: all of them
 * @waiting: those that do not count as the kernel's
 * @new_tcp: those of TCP that no walk has looked for yet
 * @new_udp: the same for UDP
 */
struct nta_unowned {
	unsigned int all;
	unsigned int waiting;
	unsigned int new_tcp;
	unsigned int new_udp;
};

/**
 * struct nta_unowned_sums - what sockets without owner hold, by flow
 * @waiting: those that may have an owner
 * @kernel: those that count as the kernel's
 */
struct nta_unowned_sums {
	struct nta_count waiting[NTA_FLOWS];
	struct nta_count kernel[NTA_FLOWS];
};

extern struct nta_unowned nta_unowned;

/* How many sockets have no owner? Any context. */
static inline unsigned int nta_unowned_any(void)
{
	return READ_ONCE(nta_unowned.all);
}

/* Is there one that somebody may hold? Any context. */
static inline bool nta_unowned_any_waiting(void)
{
	return READ_ONCE(nta_unowned.waiting);
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

void nta_unowned_on_add(void (*seek)(void));
void nta_unowned_add(struct nta_sock *s);
void nta_unowned_del(struct nta_sock *s);
bool nta_unowned_oldest(u32 *since);
void nta_unowned_hand(struct nta_sock *s, enum nta_handed handed);
void nta_unowned_mark_sought(u32 begin, bool everywhere);
void nta_unowned_expire(void);
void nta_unowned_sum(struct nta_unowned_sums *sums);

#endif /* _NTA_UNOWNED_H */
