/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_PROC_H
#define _NTA_PROC_H

int nta_proc_file_setup(void);
void nta_proc_file_teardown(void);

#endif /* _NTA_PROC_H */
