/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_COLLECT_H
#define _NTA_COLLECT_H

int nta_collect_setup(void);
void nta_collect_stop(void);
void nta_collect_teardown(void);

#endif /* _NTA_COLLECT_H */
