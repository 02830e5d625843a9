/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_PARAM_H
#define _NTA_PARAM_H

#include <linux/moduleparam.h>

extern const struct kernel_param_ops nta_param_uint;

#ifdef NETATOP_DEBUG
extern bool nta_break_credit;
#else
#define nta_break_credit	false
#endif

bool nta_param_allowed(void);

#endif /* _NTA_PARAM_H */
