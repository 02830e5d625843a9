// SPDX-License-Identifier: GPL-2.0-only
/*
 * Folding: what the entry of a socket has counted becomes its owner's, his process's
 * and his cgroup's.
 */
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "cgroup.h"
#include "fold.h"
#include "param.h"
#include "sock.h"
#include "stay.h"
#include "task.h"

/* What @t carries over loopback stays where it is when there is no memory for it. */
static bool nta_fold_part(const struct nta_part *part, struct nta_thread *t)
{
	struct nta_count count[NTA_DIRS] = {}, *mine;
	enum nta_dir dir;

	if (!nta_held_any(part->held))
		return false;
	mine = nta_thread_counts(t, part->flow);
	if (!mine)
		return false;
	for (dir = NTA_SND; dir < NTA_DIRS; dir++)
		nta_held_take(part->held, dir, &count[dir]);
	if (nta_break_credit)
		return true;
	for (dir = NTA_SND; dir < NTA_DIRS; dir++) {
		u64 packets = count[dir].packets, bytes = count[dir].bytes;

		nta_count_add(&part->folded[dir], packets, bytes);
		nta_count_add(&mine[dir], packets, bytes);
		nta_count_add(&t->proc->count[part->flow + dir], packets, bytes);
	}
	nta_stay_add(&t->stay, part->flow, count);
	return true;
}

/**
 * nta_fold_before - credit what an entry holds to its owner, and to the cgroup where that was
 * @s: the entry
 * @t: its owner
 *
 * Context: the lock of the process of @t is held.
 */
void nta_fold_before(struct nta_sock *s, struct nta_thread *t)
{
	struct nta_proc *proc = t->proc;
	struct nta_part part;
	bool any = false;
	int n;

	lockdep_assert_held(&proc->lock);
	for (n = 0; nta_sock_part(s, n, &part); n++)
		any |= nta_fold_part(&part, t);
	/* Of one that has ended nobody asks when it changed. */
	if (any && !proc->dead) {
		s->active = true;
		WRITE_ONCE(proc->changed, ktime_get_boottime_ns());
		WRITE_ONCE(t->changed, proc->changed);
	}
}

/**
 * nta_fold - credit what an entry holds to its owner, and to the cgroup where that is
 * @s: the entry
 * @t: its owner
 *
 * Context: the lock of the process of @t is held.
 */
void nta_fold(struct nta_sock *s, struct nta_thread *t)
{
	nta_stay_go_on(&t->stay);
	nta_fold_before(s, t);
}

/*
 * What @s still holds is traffic of a socket whose process is gone, and that of the cgroup
 * in which it was made, or its last owner @t was.
 */
static void nta_fold_gone(struct nta_sock *s, const struct nta_thread *t)
{
	struct nta_cgroup *group = s->group ?: t ? t->stay.group : NULL;
	struct nta_count count;
	struct nta_part part;
	enum nta_dir dir;
	int n;

	for (n = 0; nta_sock_part(s, n, &part); n++) {
		for (dir = NTA_SND; dir < NTA_DIRS; dir++) {
			if (nta_held_take(part.held, dir, &count))
				nta_cgroup_add_gone(group, part.flow + dir, &count);
		}
	}
}

static void nta_fold_kernel(struct nta_sock *s)
{
	struct nta_count count;
	struct nta_part part;
	enum nta_dir dir;
	int n;

	for (n = 0; nta_sock_part(s, n, &part); n++) {
		for (dir = NTA_SND; dir < NTA_DIRS; dir++) {
			if (nta_held_take(part.held, dir, &count))
				nta_totals_class(NTA_KERNEL, part.flow + dir,
						 count.packets, count.bytes);
		}
	}
}

/*
 * Credit what came while @s was being dropped, which no packet can reach any more: to
 * @t, the owner that it had, as long as that is not reported and there is memory for it,
 * or to the kernel; else its process is gone.
 */
static void nta_fold_last(struct nta_sock *s, struct nta_thread *t)
{
	if (t) {
		spin_lock(&t->proc->lock);
		if (!t->proc->dead)
			nta_fold(s, t);
		spin_unlock(&t->proc->lock);
	}
	if (nta_sock_is_kernel(s))
		nta_fold_kernel(s);
	else
		nta_fold_gone(s, t);
}

/* Puts the owner and the cgroup. */
static void nta_fold_settle(struct nta_sock *s)
{
	struct nta_thread *t = rcu_dereference_protected(s->owner, true);

	if (unlikely(nta_sock_holds_any(s)))
		nta_fold_last(s, t);
	if (t)
		nta_thread_put(t);
	nta_cgroup_put(s->group);
}

/**
 * nta_fold_setup - be told of entries that are freed
 */
void nta_fold_setup(void)
{
	nta_sock_on_free(nta_fold_settle);
}
