/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What readers are told of all packets together.
 */
#ifndef _NTA_SUMS_H
#define _NTA_SUMS_H

#include "totals.h"

/**
 * struct nta_sums - all packets, and those of no task
 * @totals: all packets, what waits in fragments included, and the classes
 * @waiting: what sockets without owner hold, and fragments
 * @nocgroup: what belongs to cgroups, but nobody knows to which
 */
struct nta_sums {
	struct nta_totals totals;
	struct nta_count waiting[NTA_FLOWS];
	struct nta_count nocgroup[NTA_FLOWS];
};

void nta_sums_read(struct nta_sums *sums);

#endif /* _NTA_SUMS_H */
