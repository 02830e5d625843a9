/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_TRACE_H
#define _NTA_TRACE_H

void nta_trace_setup(void);
void nta_trace_teardown(void);

#endif /* _NTA_TRACE_H */
