// SPDX-License-Identifier: GPL-2.0-only
/* Until Linux 6.6 ("inet: move inet->mc_all to inet->inet_frags"). */
#include <net/inet_sock.h>

static inline bool nta_has(const struct inet_sock *inet)
{
	return inet->mc_all;
}
