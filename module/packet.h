/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packet of the stack is on the wire. All functions take a packet whose
 * data start at its network header, as it does in the hooks, and any context.
 */
#ifndef _NTA_PACKET_H
#define _NTA_PACKET_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "link.h"
#include "wire.h"

struct nta_wire nta_packet_in_gso(struct sk_buff *skb,
				  const struct net_device *dev,
				  unsigned int transport);
struct nta_wire nta_packet_out_any(struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   unsigned int transport);
u32 nta_packet_fragmentable(struct sk_buff *skb, u8 pf);
struct nta_wire nta_packet_reassembled(struct sk_buff *skb,
				       const struct net_device *dev, u8 pf);

/**
 * nta_packet_in - what a received packet was on the wire
 * @skb: the packet, in LOCAL_IN; not one that was reassembled from fragments
 * @dev: interface through which it came
 * @transport: offset of the transport header
 *
 * Return: what the interface counted.
 */
static inline struct nta_wire nta_packet_in(struct sk_buff *skb,
					    const struct net_device *dev,
					    unsigned int transport)
{
	if (likely(!skb_is_gso(skb)))
		return nta_wire_plain(skb->len, nta_link_in(dev));
	return nta_packet_in_gso(skb, dev, transport);
}

/**
 * nta_packet_out - what a packet will be on the wire
 * @skb: the packet, in LOCAL_OUT
 * @state: of the hook
 * @transport: offset of the transport header
 *
 * Return: what the interface will count; nothing when the packet does not fit
 * its path and must not be fragmented, so that the stack will drop it.
 */
static inline struct nta_wire nta_packet_out(struct sk_buff *skb,
					     const struct nf_hook_state *state,
					     unsigned int transport)
{
	if (likely(!skb_is_gso(skb) && skb->len <= IPV4_MIN_MTU))
		return nta_wire_plain(skb->len, nta_link_out(state->out));
	return nta_packet_out_any(skb, state, transport);
}

#endif /* _NTA_PACKET_H */
