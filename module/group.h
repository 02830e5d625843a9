/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sockets that get a datagram which is for a group, or for all.
 */
#ifndef _NTA_GROUP_H
#define _NTA_GROUP_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ipv6.h>
#include <net/route.h>

/**
 * nta_group_is - is a received datagram for a group, or for all?
 * @skb: the datagram, in LOCAL_IN
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
static __always_inline bool nta_group_is(const struct sk_buff *skb, u8 pf)
{
	if (pf == NFPROTO_IPV4)
		return skb_rtable(skb)->rt_flags &
		       (RTCF_BROADCAST | RTCF_MULTICAST);
	return ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

struct sock *nta_group_find(struct sk_buff *skb,
			    const struct nf_hook_state *state, __be16 sport,
			    __be16 dport, bool *found);

#endif /* _NTA_GROUP_H */
