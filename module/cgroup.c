// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums of cgroups (v2). They are credited when a socket's counters are folded, so a
 * packet costs nothing more. What a cgroup that ends has carried goes up to its
 * parent, apart from the parent's own: nothing is lost, and nothing jumps there.
 */
#include <linux/slab.h>

#include "cgroup.h"
#include "compat/cgroup.h"

struct rhashtable nta_cgroups;
static struct kmem_cache *nta_cgroup_cache;
unsigned int nta_max_cgroups __read_mostly = 1 << 16;
atomic64_t nta_cgroup_overflows;

/* The last sum of what waits, which is what readers are given. */
static u32 nta_cgroup_round;

/* Of the tasks and sockets whose cgroup there is no room for, or that have none. */
static struct nta_cgroup nta_cgroup_none = {
	.ref = REFCOUNT_INIT(1),
	.lock = __SPIN_LOCK_UNLOCKED(nta_cgroup_none.lock),
};

/* What the floors above do with a cgroup that ended. */
static void (*nta_cgroup_ended)(const struct nta_cgroup_sums *sums,
				struct cgroup *cgroup);

static int nta_cgroup_compare(struct rhashtable_compare_arg *arg, const void *entry)
{
	const struct nta_cgroup *group = entry;

	return group->id != *(const u64 *)arg->key;
}

/* Without a function of its own to compare, the table calls memcmp(). */
static const struct rhashtable_params nta_cgroup_params = {
	.key_len = sizeof(u64),
	.key_offset = offsetof(struct nta_cgroup, id),
	.head_offset = offsetof(struct nta_cgroup, node),
	.obj_cmpfn = nta_cgroup_compare,
	.automatic_shrinking = true,
};

/**
 * nta_cgroup_on_end - say what is done with each cgroup that ends
 * @ended: called once for each, when what it carried is the parent's, with the kernel's own,
 *	which is held; may sleep
 */
void nta_cgroup_on_end(void (*ended)(const struct nta_cgroup_sums *sums,
				     struct cgroup *cgroup))
{
	WRITE_ONCE(nta_cgroup_ended, ended);
}

static void nta_cgroup_free(struct rcu_head *rcu)
{
	kmem_cache_free(nta_cgroup_cache, container_of(rcu, struct nta_cgroup, rcu));
}

/**
 * nta_cgroup_put - put a reference
 * @group: the entry
 *
 * The last one takes those on the way up with it.
 *
 * Context: any but hard interrupts.
 */
void nta_cgroup_put(struct nta_cgroup *group)
{
	while (group && refcount_dec_and_test(&group->ref)) {
		struct nta_cgroup *parent = group->above;

		call_rcu(&group->rcu, nta_cgroup_free);
		group = parent;
	}
}

static struct nta_cgroup *nta_cgroup_get_none(void)
{
	refcount_inc(&nta_cgroup_none.ref);
	return &nta_cgroup_none;
}

/**
 * nta_cgroup_find - find the entry of a cgroup
 * @id: of the cgroup
 *
 * Context: any but hard interrupts.
 * Return: the entry with a reference, or NULL.
 */
struct nta_cgroup *nta_cgroup_find(u64 id)
{
	struct nta_cgroup *group;

	rcu_read_lock();
	group = rhashtable_lookup(&nta_cgroups, &id, nta_cgroup_params);
	if (group && !refcount_inc_not_zero(&group->ref))
		group = NULL;
	rcu_read_unlock();
	return group;
}

/* A new entry that nobody knows yet, and that holds @cgroup; NULL without memory. */
static struct nta_cgroup *nta_cgroup_alloc(struct cgroup *cgroup)
{
	struct nta_cgroup *group;

	if (atomic_read(&nta_cgroups.nelems) >= READ_ONCE(nta_max_cgroups))
		return NULL;
	group = kmem_cache_zalloc(nta_cgroup_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!group)
		return NULL;
	group->id = nta_kernel_cgroup_id(cgroup);
	refcount_set(&group->ref, 2);
	spin_lock_init(&group->lock);
	return group;
}

/* The entry of @cgroup, without its parent if it is new; NULL when there is no room. */
static struct nta_cgroup *nta_cgroup_find_or_make(struct cgroup *cgroup)
{
	struct nta_cgroup *group = nta_cgroup_find(nta_kernel_cgroup_id(cgroup));
	struct nta_cgroup *old;

	if (group)
		return group;
	group = nta_cgroup_alloc(cgroup);
	if (!group)
		return NULL;
	/* One that is already gone is never in the table: it only leads to its parent. */
	group->ended = !nta_kernel_cgroup_is_online(cgroup) ||
		       !nta_kernel_cgroup_tryget(cgroup);
	if (group->ended) {
		refcount_set(&group->ref, 1);
		return group;
	}
	group->cgroup = cgroup;
	old = rhashtable_lookup_get_insert_fast(&nta_cgroups, &group->node,
						nta_cgroup_params);
	if (!old)
		return group;
	nta_kernel_cgroup_put(cgroup);
	kmem_cache_free(nta_cgroup_cache, group);
	if (IS_ERR(old) || !refcount_inc_not_zero(&old->ref))
		return NULL;
	return old;
}

/* Give @group and all above it their parents; false when there is no room. */
static bool nta_cgroup_join(struct nta_cgroup *group, struct cgroup *cgroup)
{
	struct nta_cgroup *parent;

	while ((cgroup = nta_kernel_cgroup_parent(cgroup)) && !READ_ONCE(group->above)) {
		parent = nta_cgroup_find_or_make(cgroup);
		if (!parent)
			return false;
		if (cmpxchg(&group->above, NULL, parent))
			nta_cgroup_put(parent);
		group = READ_ONCE(group->above);
	}
	return true;
}

/**
 * nta_cgroup_of - the entry of a cgroup, made when there is none
 * @cgroup: the kernel's, under RCU or held; NULL when it is not known
 *
 * Context: softirq or process; not with interrupts off.
 * Return: the entry with a reference; when there is no room, which has been counted,
 * that of all such.
 */
struct nta_cgroup *nta_cgroup_of(struct cgroup *cgroup)
{
	struct nta_cgroup *group;

	if (!cgroup)
		return nta_cgroup_get_none();
	group = nta_cgroup_find_or_make(cgroup);
	if (group && nta_cgroup_join(group, cgroup))
		return group;
	nta_cgroup_put(group);
	atomic64_inc(&nta_cgroup_overflows);
	return nta_cgroup_get_none();
}

/**
 * nta_cgroup_of_sock - the entry of the cgroup in which a socket was made
 * @sk: a full socket
 *
 * Context: softirq or process, under RCU; not with interrupts off.
 * Return: as of nta_cgroup_of().
 */
struct nta_cgroup *nta_cgroup_of_sock(const struct sock *sk)
{
	return nta_cgroup_of(nta_kernel_cgroup_of_sock(sk));
}

/* Has the cgroup gone? Then its entry is told once. */
static bool nta_cgroup_is_due(struct nta_cgroup *group)
{
	return group->cgroup && !nta_kernel_cgroup_is_online(group->cgroup);
}

static void nta_cgroup_release(struct nta_cgroup *group)
{
	nta_kernel_cgroup_put(group->cgroup);
	group->cgroup = NULL;
}

/* The last chance to find the parent of @group, for which there was no room before. */
static void nta_cgroup_join_late(struct nta_cgroup *group)
{
	rcu_read_lock();
	if (!group->above)
		nta_cgroup_join(group, group->cgroup);
	rcu_read_unlock();
}

/* What is added to @flow of an entry, by where it is added. */
enum nta_cgroup_part {
	NTA_CGROUP_OWN,
	NTA_CGROUP_BELOW,
	NTA_CGROUP_WAIT,
};

/* The counters of a part; @round is the present one, of what waits. Under the lock. */
static struct nta_count *nta_cgroup_counters(struct nta_cgroup *group,
					     enum nta_cgroup_part part, u32 round)
{
	struct nta_cgroup_wait *wait = &group->wait[round % 2];

	if (part != NTA_CGROUP_WAIT)
		return part == NTA_CGROUP_OWN ? group->own : group->below;
	if (wait->round != round)
		*wait = (struct nta_cgroup_wait) { .round = round };
	return wait->count;
}

/* Add to @group itself; false when it has ended. */
static bool nta_cgroup_try_add(struct nta_cgroup *group, enum nta_cgroup_part part,
			       u32 round, enum nta_flow flow,
			       const struct nta_count *count, int flows)
{
	struct nta_count *sums;
	bool ended;
	int n;

	spin_lock(&group->lock);
	ended = group->ended;
	if (!ended) {
		sums = &nta_cgroup_counters(group, part, round)[flow];
		for (n = 0; n < flows; n++)
			nta_count_add(&sums[n], count[n].packets, count[n].bytes);
	}
	spin_unlock(&group->lock);
	return !ended;
}

/* The entry above one that ended. For want of memory it may have none. */
static struct nta_cgroup *nta_cgroup_above(struct nta_cgroup *group)
{
	return group->above ?: &nta_cgroup_none;
}

/**
 * nta_cgroup_add - credit a cgroup, or the nearest one above that has not ended
 * @group: the entry
 * @flow: what was carried, the first of
 * @flows: several that follow each other
 * @count: how much, of each
 *
 * Context: bottom halves off.
 */
void nta_cgroup_add(struct nta_cgroup *group, enum nta_flow flow,
		    const struct nta_count *count, int flows)
{
	enum nta_cgroup_part part = NTA_CGROUP_OWN;

	while (!nta_cgroup_try_add(group, part, 0, flow, count, flows)) {
		group = nta_cgroup_above(group);
		part = NTA_CGROUP_BELOW;
	}
}

/**
 * nta_cgroup_add_gone - count what a socket carried whose process is gone
 * @group: the entry of the cgroup in which that was made; NULL when that is not known
 * @flow: what was carried
 * @count: how much
 *
 * Context: bottom halves off.
 */
void nta_cgroup_add_gone(struct nta_cgroup *group, enum nta_flow flow,
			 const struct nta_count *count)
{
	nta_totals_class(NTA_GONE, flow, count->packets, count->bytes);
	nta_cgroup_add(group ?: &nta_cgroup_none, flow, count, 1);
}

/**
 * nta_cgroup_add_waiting - note what a socket holds that has no owner
 * @group: the entry of the cgroup in which that was made; NULL when that is not known
 * @round: number of the present sum, which nobody else adds to
 * @flow: what was carried
 * @count: how much
 *
 * Readers are given nothing of it before nta_cgroup_waiting_is_summed().
 *
 * Context: bottom halves off.
 */
void nta_cgroup_add_waiting(struct nta_cgroup *group, u32 round, enum nta_flow flow,
			    const struct nta_count *count)
{
	group = group ?: &nta_cgroup_none;
	while (!nta_cgroup_try_add(group, NTA_CGROUP_WAIT, round, flow, count, 1))
		group = nta_cgroup_above(group);
}

/**
 * nta_cgroup_waiting_is_summed - give readers what was noted in a sum
 * @round: its number
 */
void nta_cgroup_waiting_is_summed(u32 round)
{
	WRITE_ONCE(nta_cgroup_round, round);
}

static void nta_cgroup_read_counters(struct nta_cgroup *group, struct nta_cgroup_sums *sums)
{
	u32 round = READ_ONCE(nta_cgroup_round);
	const struct nta_cgroup_wait *wait = &group->wait[round % 2];

	spin_lock_bh(&group->lock);
	memcpy(sums->own, group->own, sizeof(group->own));
	memcpy(sums->below, group->below, sizeof(group->below));
	if (wait->round == round)
		memcpy(sums->waiting, wait->count, sizeof(wait->count));
	else
		memset(sums->waiting, 0, sizeof(sums->waiting));
	spin_unlock_bh(&group->lock);
}

/**
 * nta_cgroup_read - what has a cgroup carried, as far as that is folded?
 * @group: the entry
 * @sums: receives it
 *
 * Context: softirq or process.
 */
void nta_cgroup_read(struct nta_cgroup *group, struct nta_cgroup_sums *sums)
{
	const struct nta_cgroup *parent = READ_ONCE(group->above);

	/* Of some that ended at the same time, the one above may be forgotten first. */
	while (parent && READ_ONCE(parent->ended))
		parent = READ_ONCE(parent->above);
	sums->id = group->id;
	sums->above = parent ? parent->id : 0;
	nta_cgroup_read_counters(group, sums);
}

/**
 * nta_cgroup_read_none - what was carried by tasks and sockets whose cgroup is not known?
 * @count: receives it
 *
 * Context: softirq or process.
 */
void nta_cgroup_read_none(struct nta_count count[NTA_FLOWS])
{
	struct nta_cgroup_sums sums;
	int flow;

	nta_cgroup_read_counters(&nta_cgroup_none, &sums);
	for (flow = 0; flow < NTA_FLOWS; flow++) {
		count[flow] = sums.own[flow];
		nta_count_add(&count[flow], sums.below[flow].packets,
			      sums.below[flow].bytes);
		nta_count_add(&count[flow], sums.waiting[flow].packets,
			      sums.waiting[flow].bytes);
	}
}

/**
 * nta_cgroup_hold - the kernel's own of an entry
 * @group: the entry
 *
 * Context: softirq or process.
 * Return: the cgroup with a reference, or NULL when it has ended.
 */
struct cgroup *nta_cgroup_hold(struct nta_cgroup *group)
{
	struct cgroup *cgroup;

	spin_lock_bh(&group->lock);
	cgroup = group->cgroup;
	if (cgroup && !nta_kernel_cgroup_tryget(cgroup))
		cgroup = NULL;
	spin_unlock_bh(&group->lock);
	return cgroup;
}

/* What @sums has of @group, which has ended, goes up; nobody adds to that again. */
static void nta_cgroup_raise(struct nta_cgroup *group, const struct nta_cgroup_sums *sums)
{
	local_bh_disable();
	nta_cgroup_add(group, 0, sums->own, NTA_FLOWS);
	nta_cgroup_add(group, 0, sums->below, NTA_FLOWS);
	local_bh_enable();
}

/* @group has ended: what it has is its parent's, and nobody finds it any more. */
static void nta_cgroup_end(struct nta_cgroup *group)
{
	void (*tell)(const struct nta_cgroup_sums *sums, struct cgroup *cgroup) =
		READ_ONCE(nta_cgroup_ended);
	struct cgroup *cgroup = group->cgroup;
	struct nta_cgroup_sums sums;

	nta_cgroup_join_late(group);
	spin_lock_bh(&group->lock);
	WRITE_ONCE(group->ended, true);
	group->cgroup = NULL;
	spin_unlock_bh(&group->lock);
	nta_cgroup_read(group, &sums);
	/* As of the next sum its sockets wait in the parent. */
	memset(sums.waiting, 0, sizeof(sums.waiting));
	rhashtable_remove_fast(&nta_cgroups, &group->node, nta_cgroup_params);
	nta_cgroup_raise(group, &sums);
	nta_cgroup_put(group);
	if (tell)
		tell(&sums, cgroup);
	nta_kernel_cgroup_put(cgroup);
}

/**
 * nta_cgroup_expire - forget the cgroups that have ended
 *
 * Context: process; sleeps. One at a time.
 */
void nta_cgroup_expire(void)
{
	struct rhashtable_iter iter;
	struct nta_cgroup *group;

	rhashtable_walk_enter(&nta_cgroups, &iter);
	rhashtable_walk_start(&iter);
	while ((group = rhashtable_walk_next(&iter))) {
		/* An error says that the table is being resized: go on. */
		if (IS_ERR(group) || !nta_cgroup_is_due(group))
			continue;
		/* Only this function takes it out of the table, which has a reference. */
		rhashtable_walk_stop(&iter);
		nta_cgroup_end(group);
		cond_resched();
		rhashtable_walk_start(&iter);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/**
 * nta_cgroup_setup - make the table of cgroups
 *
 * Return: 0 or a negative errno.
 */
int nta_cgroup_setup(void)
{
	int err;

	nta_cgroup_cache = KMEM_CACHE(nta_cgroup, 0);
	if (!nta_cgroup_cache)
		return -ENOMEM;
	err = rhashtable_init(&nta_cgroups, &nta_cgroup_params);
	if (err)
		kmem_cache_destroy(nta_cgroup_cache);
	return err;
}

/* Its parent may be freed already: nothing is looked for here. */
static void nta_cgroup_destroy(void *entry, void *unused)
{
	struct nta_cgroup *group = entry;

	nta_cgroup_release(group);
	nta_cgroup_put(group);
}

/**
 * nta_cgroup_teardown - free all entries
 *
 * Threads, which hold references, are gone.
 */
void nta_cgroup_teardown(void)
{
	rhashtable_free_and_destroy(&nta_cgroups, nta_cgroup_destroy, NULL);
	rcu_barrier();
	kmem_cache_destroy(nta_cgroup_cache);
}
