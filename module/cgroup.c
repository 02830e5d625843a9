// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums of cgroups (v2). They are credited when a socket's counters are folded, so a
 * packet costs nothing more. What a cgroup that ends has carried goes up to its
 * parent, apart from the parent's own: nothing is lost, and nothing jumps there.
 */
#include <linux/cgroup.h>
#include <linux/slab.h>

#include "cgroup.h"

struct rhashtable nta_cgroups;
unsigned int nta_max_cgroups __read_mostly = 1 << 16;
atomic64_t nta_cgroup_overflows;

/* Of the tasks whose cgroup there is no room for, or that have none. */
static struct nta_cgroup nta_cgroup_none = {
	.ref = REFCOUNT_INIT(1),
	.lock = __SPIN_LOCK_UNLOCKED(nta_cgroup_none.lock),
};

/* What the floors above do with a cgroup that ended. */
static void (*nta_cgroup_ended)(const struct nta_cgroup_sums *sums);

static const struct rhashtable_params nta_cgroup_params = {
	.key_len = sizeof(u64),
	.key_offset = offsetof(struct nta_cgroup, id),
	.head_offset = offsetof(struct nta_cgroup, node),
	.automatic_shrinking = true,
};

/**
 * nta_cgroup_on_end - say what is done with each cgroup that ends
 * @ended: called once for each, when what it carried is the parent's; may sleep
 */
void nta_cgroup_on_end(void (*ended)(const struct nta_cgroup_sums *sums))
{
	WRITE_ONCE(nta_cgroup_ended, ended);
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
		struct nta_cgroup *parent = group->parent;

		kfree_rcu(group, rcu);
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

#ifdef CONFIG_CGROUPS

static bool nta_cgroup_is_online(const struct cgroup *cgroup)
{
	return READ_ONCE(cgroup->self.flags) & CSS_ONLINE;
}

/* A new entry that nobody knows yet, and that holds @cgroup; NULL without memory. */
static struct nta_cgroup *nta_cgroup_alloc(struct cgroup *cgroup)
{
	struct nta_cgroup *group;

	if (atomic_read(&nta_cgroups.nelems) >= READ_ONCE(nta_max_cgroups))
		return NULL;
	group = kzalloc(sizeof(*group), GFP_ATOMIC | __GFP_NOWARN);
	if (!group)
		return NULL;
	group->id = cgroup_id(cgroup);
	refcount_set(&group->ref, 2);
	spin_lock_init(&group->lock);
	return group;
}

/* The entry of @cgroup, without its parent if it is new; NULL when there is no room. */
static struct nta_cgroup *nta_cgroup_find_or_make(struct cgroup *cgroup)
{
	struct nta_cgroup *group = nta_cgroup_find(cgroup_id(cgroup));
	struct nta_cgroup *old;

	if (group)
		return group;
	group = nta_cgroup_alloc(cgroup);
	if (!group)
		return NULL;
	/* One that is already gone is never in the table: it only leads to its parent. */
	group->ended = !nta_cgroup_is_online(cgroup) || !cgroup_tryget(cgroup);
	if (group->ended) {
		refcount_set(&group->ref, 1);
		return group;
	}
	group->cgroup = cgroup;
	old = rhashtable_lookup_get_insert_fast(&nta_cgroups, &group->node,
						nta_cgroup_params);
	if (!old)
		return group;
	cgroup_put(cgroup);
	kfree(group);
	if (IS_ERR(old) || !refcount_inc_not_zero(&old->ref))
		return NULL;
	return old;
}

/* Give @group and all above it their parents; false when there is no room. */
static bool nta_cgroup_join(struct nta_cgroup *group, struct cgroup *cgroup)
{
	struct nta_cgroup *parent;

	while ((cgroup = cgroup_parent(cgroup)) && !READ_ONCE(group->parent)) {
		parent = nta_cgroup_find_or_make(cgroup);
		if (!parent)
			return false;
		if (cmpxchg(&group->parent, NULL, parent))
			nta_cgroup_put(parent);
		group = READ_ONCE(group->parent);
	}
	return true;
}

/* The entry of @cgroup with a reference, made when there is none. Under RCU. */
static struct nta_cgroup *nta_cgroup_of(struct cgroup *cgroup)
{
	struct nta_cgroup *group = nta_cgroup_find_or_make(cgroup);

	if (group && nta_cgroup_join(group, cgroup))
		return group;
	nta_cgroup_put(group);
	atomic64_inc(&nta_cgroup_overflows);
	return nta_cgroup_get_none();
}

/**
 * nta_stay_begin - note in which cgroup a thread is
 * @stay: receives it
 * @task: the thread, or another one of its process, under RCU; NULL when all are gone
 *
 * Context: any but hard interrupts.
 */
void nta_stay_begin(struct nta_stay *stay, struct task_struct *task)
{
	stay->moved = NULL;
	stay->group = task ? nta_cgroup_of(task_dfl_cgroup(task)) :
			     nta_cgroup_get_none();
}

/* What is credited from now on is @group's, if there is an entry. Puts what was held. */
static void nta_stay_go_to(struct nta_stay *stay, struct nta_cgroup *group)
{
	if (group) {
		nta_cgroup_put(stay->group);
		stay->group = group;
	}
	cgroup_put(stay->moved);
	stay->moved = NULL;
}

/**
 * nta_stay_leave - has a thread left the cgroup where it was?
 * @stay: of the thread
 * @task: the thread, under RCU
 *
 * What is credited before nta_stay_go_on() is still the old one's.
 *
 * Context: any, also with interrupts off.
 * Return: whether it has, which is noted.
 */
bool nta_stay_leave(struct nta_stay *stay, struct task_struct *task)
{
	struct cgroup *now = task_dfl_cgroup(task);
	struct cgroup *moved = stay->moved;

	if (moved ? moved == now : stay->group->id == cgroup_id(now))
		return false;
	if (!cgroup_tryget(now))
		return false;
	if (moved)
		nta_stay_go_to(stay, nta_cgroup_find(cgroup_id(moved)));
	stay->moved = now;
	return true;
}

/**
 * nta_stay_go_on - credit the cgroup where a thread is now
 * @stay: of the thread
 *
 * Context: bottom halves off, interrupts on.
 */
void nta_stay_go_on(struct nta_stay *stay)
{
	struct nta_cgroup *group;

	if (likely(!stay->moved))
		return;
	rcu_read_lock();
	group = nta_cgroup_of(stay->moved);
	rcu_read_unlock();
	nta_stay_go_to(stay, group);
}

/**
 * nta_stay_end - the thread is no more
 * @stay: of the thread
 *
 * Context: any but hard interrupts.
 */
void nta_stay_end(struct nta_stay *stay)
{
	if (stay->moved)
		cgroup_put(stay->moved);
	nta_cgroup_put(stay->group);
}

/* Has the cgroup gone? Then its entry is told once. */
static bool nta_cgroup_is_due(struct nta_cgroup *group)
{
	return group->cgroup && !nta_cgroup_is_online(group->cgroup);
}

static void nta_cgroup_release(struct nta_cgroup *group)
{
	if (!group->parent) {
		rcu_read_lock();
		nta_cgroup_join(group, group->cgroup);
		rcu_read_unlock();
	}
	cgroup_put(group->cgroup);
	group->cgroup = NULL;
}

#else /* !CONFIG_CGROUPS */

void nta_stay_begin(struct nta_stay *stay, struct task_struct *task)
{
	stay->group = nta_cgroup_get_none();
}

bool nta_stay_leave(struct nta_stay *stay, struct task_struct *task)
{
	return false;
}

void nta_stay_go_on(struct nta_stay *stay)
{
}

void nta_stay_end(struct nta_stay *stay)
{
	nta_cgroup_put(stay->group);
}

static bool nta_cgroup_is_due(struct nta_cgroup *group)
{
	return false;
}

static void nta_cgroup_release(struct nta_cgroup *group)
{
}

#endif

/**
 * nta_cgroup_add - credit a cgroup, or the nearest one above that has not ended
 * @group: the entry
 * @flow: what was carried
 * @count: how much
 *
 * Context: bottom halves off.
 */
void nta_cgroup_add(struct nta_cgroup *group, enum nta_flow flow,
		    const struct nta_count *count)
{
	struct nta_count *sum = &group->own[flow];

	spin_lock(&group->lock);
	while (group->ended) {
		/* For want of memory it may not have one. */
		struct nta_cgroup *parent = group->parent ?: &nta_cgroup_none;

		spin_unlock(&group->lock);
		group = parent;
		sum = &group->below[flow];
		spin_lock(&group->lock);
	}
	nta_count_add(sum, count->packets, count->bytes);
	spin_unlock(&group->lock);
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
	const struct nta_cgroup *parent = READ_ONCE(group->parent);

	sums->id = group->id;
	sums->parent = parent ? parent->id : 0;
	spin_lock_bh(&group->lock);
	memcpy(sums->own, group->own, sizeof(group->own));
	memcpy(sums->below, group->below, sizeof(group->below));
	spin_unlock_bh(&group->lock);
}

/**
 * nta_cgroup_read_none - what have tasks carried whose cgroup is not known?
 * @count: receives it
 *
 * Context: softirq or process.
 */
void nta_cgroup_read_none(struct nta_count count[NTA_FLOWS])
{
	struct nta_cgroup_sums sums;
	int flow;

	nta_cgroup_read(&nta_cgroup_none, &sums);
	for (flow = 0; flow < NTA_FLOWS; flow++) {
		count[flow] = sums.own[flow];
		nta_count_add(&count[flow], sums.below[flow].packets,
			      sums.below[flow].bytes);
	}
}

/* What @sums has of @group, which has ended, goes up; nobody adds to that again. */
static void nta_cgroup_raise(struct nta_cgroup *group, const struct nta_cgroup_sums *sums)
{
	int flow;

	local_bh_disable();
	for (flow = 0; flow < NTA_FLOWS; flow++) {
		if (sums->own[flow].packets)
			nta_cgroup_add(group, flow, &sums->own[flow]);
		if (sums->below[flow].packets)
			nta_cgroup_add(group, flow, &sums->below[flow]);
	}
	local_bh_enable();
}

/* @group has ended: what it has is its parent's, and nobody finds it any more. */
static void nta_cgroup_end(struct nta_cgroup *group)
{
	void (*tell)(const struct nta_cgroup_sums *sums) = READ_ONCE(nta_cgroup_ended);
	struct nta_cgroup_sums sums;

	nta_cgroup_release(group);
	spin_lock_bh(&group->lock);
	group->ended = true;
	spin_unlock_bh(&group->lock);
	nta_cgroup_read(group, &sums);
	rhashtable_remove_fast(&nta_cgroups, &group->node, nta_cgroup_params);
	nta_cgroup_raise(group, &sums);
	nta_cgroup_put(group);
	if (tell)
		tell(&sums);
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
	return rhashtable_init(&nta_cgroups, &nta_cgroup_params);
}

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
}
