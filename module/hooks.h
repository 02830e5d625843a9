/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_HOOKS_H
#define _NTA_HOOKS_H

int nta_hooks_setup(void);
void nta_hooks_teardown(void);

#endif /* _NTA_HOOKS_H */
