/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_CHECK_H
#define _NTA_CHECK_H

void nta_check_setup(void);
void nta_check_teardown(void);

#endif /* _NTA_CHECK_H */
