/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the transport header of a packet is, and of which protocol.
 */
#ifndef _NTA_L4_H
#define _NTA_L4_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "totals.h"

/**
 * struct nta_l4 - the transport header of a packet
 * @offset: of the header, from the network header on
 * @protocol: IPPROTO_*; IPPROTO_MAX when the header chain cannot be followed
 * @fragment: the packet is a fragment
 * @first: it has the header
 */
struct nta_l4 {
	u32 offset;
	u16 protocol;
	bool fragment;
	bool first;
};

struct nta_l4 nta_l4_find(const struct sk_buff *skb, u8 pf);

/**
 * nta_l4_is - does a transport header come right after the network header?
 * @skb: the packet, in LOCAL_IN or LOCAL_OUT
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @protocol: of the header
 *
 * Not so in fragments. Of IPv4, whether it is a fragment and the protocol are
 * read at once: with the time to live between them they are the third 32 bits.
 */
static __always_inline bool nta_l4_is(const struct sk_buff *skb, u8 pf, u8 protocol)
{
	const __be32 mask = htonl((IP_MF | IP_OFFSET) << 16 | U8_MAX);

	if (pf == NFPROTO_IPV6)
		return ipv6_hdr(skb)->nexthdr == protocol;
	BUILD_BUG_ON(offsetof(struct iphdr, protocol) !=
		     offsetof(struct iphdr, frag_off) + 3);
	return (get_unaligned((__be32 *)&ip_hdr(skb)->frag_off) & mask) ==
	       htonl(protocol);
}

/**
 * nta_l4_flow - what a packet counts for
 * @l4: its transport header
 *
 * Return: NTA_TCP_SND or NTA_UDP_SND; NTA_FLOWS for all that is not accounted.
 */
static inline enum nta_flow nta_l4_flow(struct nta_l4 l4)
{
	if (l4.protocol == IPPROTO_TCP)
		return NTA_TCP_SND;
	if (l4.protocol == IPPROTO_UDP)
		return NTA_UDP_SND;
	return NTA_FLOWS;
}

/**
 * nta_l4_icmp - the protocol of a network protocol's messages
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
static __always_inline u8 nta_l4_icmp(u8 pf)
{
	return pf == NFPROTO_IPV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

#endif /* _NTA_L4_H */
