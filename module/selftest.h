/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_SELFTEST_H
#define _NTA_SELFTEST_H

#ifdef NETATOP_DEBUG
int nta_selftest_step(void);
int nta_selftest(void);
#else
static inline int nta_selftest_step(void)
{
	return 0;
}

static inline int nta_selftest(void)
{
	return 0;
}
#endif

#endif /* _NTA_SELFTEST_H */
