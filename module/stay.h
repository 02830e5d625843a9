/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_STAY_H
#define _NTA_STAY_H

#include <linux/sched.h>
#include <linux/types.h>

#include "totals.h"

struct cgroup;
struct nta_cgroup;
struct nta_stop;

/**
 * struct nta_stay - in which cgroup a thread is; under the lock of its process
 * @group: where what it carries is credited, with a reference
 * @moved: the cgroup to which it went, with a reference, until that becomes @group
 * @stops: cgroups without entry where it was between @group and @moved
 * @stopped: what it carried last is that of the first of @stops, not @group's
 */
struct nta_stay {
	struct nta_cgroup *group;
	struct cgroup *moved;
	struct nta_stop *stops;
	bool stopped;
};

void nta_stay_begin(struct nta_stay *stay, struct task_struct *task);
bool nta_stay_leave(struct nta_stay *stay, struct task_struct *task);
void nta_stay_go_on(struct nta_stay *stay);
void nta_stay_add(struct nta_stay *stay, enum nta_flow flow,
		  const struct nta_count count[NTA_DIRS]);
void nta_stay_end(struct nta_stay *stay);

#endif /* _NTA_STAY_H */
