/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_CGROUP_H
#define _NTA_CGROUP_H

#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "totals.h"

struct cgroup;
struct sock;

/**
 * struct nta_cgroup_wait - what sockets without owner hold
 * @round: number of the sum in which that was found
 * @count: by flow
 */
struct nta_cgroup_wait {
	u32 round;
	struct nta_count count[NTA_FLOWS];
};

/**
 * struct nta_cgroup - what the tasks of a cgroup (v2) have carried
 * @node: in the table of cgroups
 * @id: the inode of its directory; 0 of the entry for tasks whose cgroup has none
 * @ref: the table holds one, and so does each thread in it, each socket made in it
 *	whose owner was not known at once, and each entry below it
 * @lock: protects @ended and all counters. Taken with bottom halves off; below the lock of
 *	a process and that of sockets without owner, and never together with another's
 * @ended: the cgroup is no more: what comes is its parent's, below that
 * @above: entry of the parent, with a reference; NULL of the root
 * @cgroup: the kernel's own, with a reference, until it has @ended
 * @own: what was carried in it, by flow
 * @below: what cgroups that ended below it had carried
 * @wait: what sockets made in it hold that have no owner: one is read, the other filled
 * @rcu: for the release
 */
struct nta_cgroup {
	struct rhash_head node;
	u64 id;
	refcount_t ref;
	spinlock_t lock;
	bool ended;
	struct nta_cgroup *above;
	struct cgroup *cgroup;
	struct nta_count own[NTA_FLOWS];
	struct nta_count below[NTA_FLOWS];
	struct nta_cgroup_wait wait[2];
	struct rcu_head rcu;
};

/**
 * struct nta_cgroup_sums - what readers are told of a cgroup
 * @id: the inode of its directory
 * @above: of the cgroup above; 0 of the root
 * @own: what was carried in it
 * @below: what cgroups that ended below it had carried
 * @waiting: what sockets made in it hold that have no owner, as of the last sum
 */
struct nta_cgroup_sums {
	u64 id;
	u64 above;
	struct nta_count own[NTA_FLOWS];
	struct nta_count below[NTA_FLOWS];
	struct nta_count waiting[NTA_FLOWS];
};

extern struct rhashtable nta_cgroups;
extern unsigned int nta_max_cgroups;
extern atomic64_t nta_cgroup_overflows;

struct nta_cgroup *nta_cgroup_find(u64 id);
struct nta_cgroup *nta_cgroup_of(struct cgroup *cgroup);
struct nta_cgroup *nta_cgroup_of_sock(const struct sock *sk);
void nta_cgroup_put(struct nta_cgroup *group);

void nta_cgroup_add(struct nta_cgroup *group, enum nta_flow flow,
		    const struct nta_count *count, int flows);
void nta_cgroup_add_gone(struct nta_cgroup *group, enum nta_flow flow,
			 const struct nta_count *count);
void nta_cgroup_add_waiting(struct nta_cgroup *group, u32 round, enum nta_flow flow,
			    const struct nta_count *count);
void nta_cgroup_waiting_is_summed(u32 round);

void nta_cgroup_read(struct nta_cgroup *group, struct nta_cgroup_sums *sums);
struct cgroup *nta_cgroup_hold(struct nta_cgroup *group);
void nta_cgroup_read_none(struct nta_count count[NTA_FLOWS]);

void nta_cgroup_on_end(void (*ended)(const struct nta_cgroup_sums *sums,
				     struct cgroup *cgroup));
void nta_cgroup_expire(void);

int nta_cgroup_setup(void);
void nta_cgroup_teardown(void);

#endif /* _NTA_CGROUP_H */
