/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that IPsec transforms pass the hooks twice, inner and outer: what the
 * outer one was on the wire is the inner one's.
 */
#ifndef _NTA_IPSEC_H
#define _NTA_IPSEC_H

#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/xfrm.h>

#include "l4.h"
#include "packet.h"
#include "totals.h"
#include "wire.h"

/**
 * nta_ipsec_is_out - has IPsec made this packet that leaves?
 * @skb: the packet, in LOCAL_OUT
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * The mark of xfrm_output().
 */
static __always_inline bool nta_ipsec_is_out(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ?
		       IPCB(skb)->flags & IPSKB_XFRM_TRANSFORMED :
		       IP6CB(skb)->flags & IP6SKB_XFRM_TRANSFORMED;
}

/**
 * nta_ipsec_is_in - did IPsec take this packet out of another one?
 * @skb: the packet, in LOCAL_IN or on its way there
 */
static __always_inline bool nta_ipsec_is_in(const struct sk_buff *skb)
{
	return skb_sec_path(skb);
}

/* Not 0 if nta_ipsec_is_in() can say so: of a packet to which anything is attached. */
static __always_inline u8 nta_ipsec_hint(const struct sk_buff *skb)
{
#ifdef CONFIG_SKB_EXTENSIONS
	return skb->active_extensions;
#else
	return 0;
#endif
}

bool nta_ipsec_is_protocol(u16 protocol);

#ifdef CONFIG_XFRM

bool nta_ipsec_is_in_udp(const struct sock *sk, const struct sk_buff *skb,
			 unsigned int transport);
enum nta_class nta_ipsec_class(const struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       unsigned int transport);
bool nta_ipsec_is_of_interface(const struct sk_buff *skb,
			       const struct nf_hook_state *state);
struct nta_wire nta_ipsec_one(const struct sk_buff *skb, u8 pf,
			      const struct net_device *dev, u32 len);
struct nta_wire nta_ipsec_in(struct sk_buff *skb,
			     const struct nf_hook_state *state,
			     unsigned int transport);
struct nta_wire nta_ipsec_out(struct sk_buff *skb,
			      const struct nf_hook_state *state,
			      struct nta_l4 l4);

#else

static inline bool nta_ipsec_is_in_udp(const struct sock *sk,
				       const struct sk_buff *skb,
				       unsigned int transport)
{
	return false;
}

static inline enum nta_class
nta_ipsec_class(const struct sk_buff *skb, const struct nf_hook_state *state,
		unsigned int transport)
{
	return NTA_NOSOCKET;
}

static inline bool nta_ipsec_is_of_interface(const struct sk_buff *skb,
					     const struct nf_hook_state *state)
{
	return false;
}

static inline struct nta_wire nta_ipsec_one(const struct sk_buff *skb, u8 pf,
					    const struct net_device *dev, u32 len)
{
	const struct nta_wire_link link = nta_link_in(skb, dev);

	return nta_wire_one(len, &link);
}

static inline struct nta_wire nta_ipsec_in(struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   unsigned int transport)
{
	return nta_packet_in(skb, state->in, transport);
}

static inline struct nta_wire nta_ipsec_out(struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    struct nta_l4 l4)
{
	return nta_packet_out(skb, state, l4.offset);
}

#endif

#endif /* _NTA_IPSEC_H */
