/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netif_get_gso_max_size(), for kernels that lack it. Kbuild has found out
 * whether this one does; had it erred, this would not compile.
 */
#ifndef _NTA_COMPAT_GSO_H
#define _NTA_COMPAT_GSO_H

#include <linux/netdevice.h>

#ifndef NTA_HAS_netif_get_gso_max_size
static inline unsigned int
netif_get_gso_max_size(const struct net_device *dev, const struct sk_buff *skb)
{
	return READ_ONCE(dev->gso_max_size);
}
#endif

#endif /* _NTA_COMPAT_GSO_H */
