// SPDX-License-Identifier: GPL-2.0-only
/* Until Linux 6.18 ("tcp: Don't pass hashinfo to socket lookup helpers."). */
#include <net/inet_hashtables.h>

static inline struct sock *nta_has(struct net *net, struct inet_hashinfo *table)
{
	return __inet_lookup_established(net, table, 0, 0, 0, 0, 0, 0);
}
