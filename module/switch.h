/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_SWITCH_H
#define _NTA_SWITCH_H

#include <linux/types.h>

/**
 * struct nta_switch_stats - is and was accounting on?
 * @on: it is
 * @pauses: how often it was switched off
 * @ms: how long it was off in all, the present pause included
 */
struct nta_switch_stats {
	bool on;
	u64 pauses;
	u64 ms;
};

void nta_switch_stats(struct nta_switch_stats *stats);
int nta_switch_setup(void);
void nta_switch_teardown(void);

#endif /* _NTA_SWITCH_H */
