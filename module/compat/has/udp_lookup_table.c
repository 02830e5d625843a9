// SPDX-License-Identifier: GPL-2.0-only
/* Until Linux 7.2. */
#include <net/udp.h>

static inline struct sock *nta_has(struct net *net, struct udp_table *table)
{
	return __udp4_lib_lookup(net, 0, 0, 0, 0, 0, 0, table, NULL);
}
