/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_CTL_H
#define _NTA_CTL_H

int nta_ctl_setup(void);
void nta_ctl_teardown(void);

#endif /* _NTA_CTL_H */
