/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_RECENT_H
#define _NTA_RECENT_H

#include <linux/types.h>

/* How many connections are forgotten at once. */
#define NTA_RECENT	32

const u64 *nta_recent_close(u64 key);
int nta_recent_setup(void);
void nta_recent_teardown(void);

#endif /* _NTA_RECENT_H */
