/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_DEFRAG_H
#define _NTA_DEFRAG_H

void nta_defrag_setup(void);
void nta_defrag_teardown(void);

#endif /* _NTA_DEFRAG_H */
