// SPDX-License-Identifier: GPL-2.0-only
/*
 * In which cgroup a thread is. The kernel tells that it has gone to another one with
 * interrupts off, where no entry of a cgroup can be made. So that is put off until
 * something is credited there.
 */
#include <linux/slab.h>

#include "cgroup.h"
#include "compat/cgroup.h"
#include "stay.h"

/* Cgroups without entry that a thread may go through before it is folded. */
#define NTA_STOPS	8

/**
 * struct nta_stop - what a thread carried in a cgroup that had no entry
 * @next: where it was before
 * @cgroup: the cgroup, with a reference
 * @count: by flow
 */
struct nta_stop {
	struct nta_stop *next;
	struct cgroup *cgroup;
	struct nta_count count[NTA_FLOWS];
};

/**
 * nta_stay_begin - note in which cgroup a thread is
 * @stay: receives it
 * @task: the thread, or another one of its process, under RCU; NULL when all are gone
 *
 * Context: softirq or process; not with interrupts off.
 */
void nta_stay_begin(struct nta_stay *stay, struct task_struct *task)
{
	*stay = (struct nta_stay) {
		.group = nta_cgroup_of(task ? nta_kernel_cgroup_of_task(task) : NULL),
	};
}

/* What is credited from now on is @group's. Its reference becomes that of @stay. */
static void nta_stay_go_to(struct nta_stay *stay, struct nta_cgroup *group)
{
	nta_cgroup_put(stay->group);
	stay->group = group;
	stay->stopped = false;
}

/* The stop in @cgroup, among the first NTA_STOPS, moved to the front. */
static struct nta_stop *nta_stay_find_stop(struct nta_stay *stay, struct cgroup *cgroup, int *n)
{
	struct nta_stop **link, *stop;

	for (*n = 0, link = &stay->stops; *link; ++*n, link = &(*link)->next) {
		stop = *link;
		if (stop->cgroup != cgroup)
			continue;
		*link = stop->next;
		return stop;
	}
	return NULL;
}

/*
 * What is credited from now on is that of @cgroup, which has no entry; when there is no room
 * either, it is still that of where the thread was before. Takes the reference.
 */
static void nta_stay_stop(struct nta_stay *stay, struct cgroup *cgroup)
{
	struct nta_stop *stop;
	int n;

	stop = nta_stay_find_stop(stay, cgroup, &n);
	if (stop || n == NTA_STOPS) {
		nta_kernel_cgroup_put(cgroup);
	} else {
		stop = kzalloc(sizeof(*stop), GFP_ATOMIC | __GFP_NOWARN);
		if (stop)
			stop->cgroup = cgroup;
		else
			nta_kernel_cgroup_put(cgroup);
	}
	if (!stop)
		return;
	stop->next = stay->stops;
	stay->stops = stop;
	stay->stopped = true;
}

/**
 * nta_stay_leave - has a thread left the cgroup where it was?
 * @stay: of the thread
 * @task: the thread, under RCU
 *
 * What is credited before nta_stay_go_on() is still the old one's.
 *
 * Context: any but hard interrupts, also with interrupts off.
 * Return: whether it has, which is noted.
 */
bool nta_stay_leave(struct nta_stay *stay, struct task_struct *task)
{
	struct cgroup *now = nta_kernel_cgroup_of_task(task);
	struct cgroup *moved = stay->moved;
	struct nta_cgroup *group;

	if (!now || (moved ? moved == now : stay->group->id == nta_kernel_cgroup_id(now)))
		return false;
	if (!nta_kernel_cgroup_tryget(now))
		return false;
	stay->moved = now;
	if (!moved)
		return true;
	group = nta_cgroup_find(nta_kernel_cgroup_id(moved));
	if (group) {
		nta_stay_go_to(stay, group);
		nta_kernel_cgroup_put(moved);
	} else {
		nta_stay_stop(stay, moved);
	}
	return true;
}

/* Credit what was carried on the way. */
static void nta_stay_unload(struct nta_stay *stay)
{
	struct nta_cgroup *group;
	struct nta_stop *stop;

	while ((stop = stay->stops)) {
		stay->stops = stop->next;
		group = nta_cgroup_of(stop->cgroup);
		nta_cgroup_add(group, 0, stop->count, NTA_FLOWS);
		nta_cgroup_put(group);
		nta_kernel_cgroup_put(stop->cgroup);
		kfree(stop);
	}
}

/**
 * nta_stay_go_on - credit the cgroup where a thread is now
 * @stay: of the thread
 *
 * Context: bottom halves off, interrupts on.
 */
void nta_stay_go_on(struct nta_stay *stay)
{
	if (likely(!stay->moved))
		return;
	nta_stay_unload(stay);
	nta_stay_go_to(stay, nta_cgroup_of(stay->moved));
	nta_kernel_cgroup_put(stay->moved);
	stay->moved = NULL;
}

/**
 * nta_stay_add - credit the cgroup where a thread is, or the one that it has left
 * @stay: of the thread
 * @flow: what was carried: NTA_TCP_SND or NTA_UDP_SND, perhaps plus NTA_LOOPBACK
 * @count: how much, by direction
 *
 * Context: bottom halves off.
 */
void nta_stay_add(struct nta_stay *stay, enum nta_flow flow,
		  const struct nta_count count[NTA_DIRS])
{
	enum nta_dir dir;

	if (likely(!stay->stopped)) {
		nta_cgroup_add(stay->group, flow, count, NTA_DIRS);
		return;
	}
	for (dir = NTA_SND; dir < NTA_DIRS; dir++)
		nta_count_add(&stay->stops->count[flow + dir], count[dir].packets,
			      count[dir].bytes);
}

/**
 * nta_stay_end - the thread is no more
 * @stay: of the thread
 *
 * Context: softirq or process.
 */
void nta_stay_end(struct nta_stay *stay)
{
	if (stay->moved) {
		local_bh_disable();
		nta_stay_unload(stay);
		local_bh_enable();
		nta_kernel_cgroup_put(stay->moved);
	}
	nta_cgroup_put(stay->group);
}
