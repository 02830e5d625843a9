// SPDX-License-Identifier: GPL-2.0-only
/* Until Linux 6.7 ("ipv6: lockless IPV6_MULTICAST_ALL implementation"). */
#include <linux/ipv6.h>

static inline bool nta_has(const struct ipv6_pinfo *np)
{
	return np->mc_all;
}
