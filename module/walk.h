/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_WALK_H
#define _NTA_WALK_H

#include <linux/types.h>

struct pid;
struct sk_buff;

/**
 * struct nta_walk_stats - what walking descriptor tables cost so far
 * @walks: how many walks over all processes were made
 * @descriptors: descriptors looked at by them
 * @last_ns: duration of the last one
 */
struct nta_walk_stats {
	u64 walks;
	u64 descriptors;
	u64 last_ns;
};

void nta_walk_end(void);
void nta_walk_now(void);
void nta_walk_pid(struct pid *pid);
void nta_walk_received(const struct sk_buff *skb);
void nta_walk_stats(struct nta_walk_stats *stats);

int nta_walk_setup(void);
void nta_walk_stop(void);
void nta_walk_teardown(void);

#endif /* _NTA_WALK_H */
