// SPDX-License-Identifier: GPL-2.0-only
#include <linux/string.h>

#include "cgroup.h"
#include "frag.h"
#include "sums.h"
#include "unowned.h"

/*
 * The totals and what waits in fragments: together, for what is given up moves
 * from there into the totals. When it does so all the time, they may differ by that.
 */
static void nta_sums_read_totals(struct nta_totals *totals,
				 struct nta_count fragments[NTA_FLOWS])
{
	struct nta_count after[NTA_FLOWS];
	int tries = 10;

	do {
		memset(fragments, 0, sizeof(after));
		memset(after, 0, sizeof(after));
		nta_frag_waiting(fragments);
		nta_totals_read(totals);
		nta_frag_waiting(after);
	} while (memcmp(fragments, after, sizeof(after)) && --tries);
}

/**
 * nta_sums_read - sum all packets and those of no task
 * @sums: receives them
 *
 * Context: process; sleeps.
 */
void nta_sums_read(struct nta_sums *sums)
{
	struct nta_count *kernel = sums->totals.class[NTA_KERNEL];
	struct nta_count fragments[NTA_FLOWS];
	struct nta_unowned_sums unowned;
	int flow;

	nta_sums_read_totals(&sums->totals, fragments);
	nta_unowned_sum(&unowned);
	memcpy(sums->waiting, unowned.waiting, sizeof(sums->waiting));
	nta_cgroup_read_none(sums->nocgroup);
	for (flow = 0; flow < NTA_FLOWS; flow++) {
		nta_count_add(&kernel[flow], unowned.kernel[flow].packets,
			      unowned.kernel[flow].bytes);
		nta_count_add(&sums->waiting[flow], fragments[flow].packets,
			      fragments[flow].bytes);
		nta_count_add(&sums->totals.all[flow], fragments[flow].packets,
			      fragments[flow].bytes);
		nta_count_add(&sums->nocgroup[flow], fragments[flow].packets,
			      fragments[flow].bytes);
		nta_count_add(&sums->nocgroup[flow],
			      sums->totals.nocgroup[flow].packets,
			      sums->totals.nocgroup[flow].bytes);
	}
}
