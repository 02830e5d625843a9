/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a packet of the stack is on the wire. All functions take a packet whose
 * data start at its network header, as it does in the hooks, and any context.
 */
#ifndef _NTA_PACKET_H
#define _NTA_PACKET_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "compat/gso.h"
#include "link.h"
#include "totals.h"
#include "wire.h"

/**
 * nta_packet_fragment_max - the size of the largest fragment, of a packet that was reassembled
 * @skb: the packet
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: bytes from the network header on; 0 of any other packet.
 */
static __always_inline u16 nta_packet_fragment_max(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ? IPCB(skb)->frag_max_size :
				    IP6CB(skb)->frag_max_size;
}

/*
 * Is a packet of one segment, not put together from fragments, and nothing noted of it, as
 * IPsec does? One comparison says so.
 */
static __always_inline bool nta_packet_out_is_usual(const struct sk_buff *skb, u8 pf)
{
	u16 any = pf == NFPROTO_IPV4 ? IPCB(skb)->flags : IP6CB(skb)->flags;

	any |= skb_shinfo(skb)->gso_size;
	any |= nta_packet_fragment_max(skb, pf);
	return !any;
}

/**
 * nta_packet_out_is_plain - will a packet leave as it is?
 * @skb: the packet, in LOCAL_OUT
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: NTA_TCP_SND or NTA_UDP_SND
 *
 * A route with a transformation bears an MTU (xfrm_init_pmtu()).
 *
 * Return: true when it surely will; false to ask nta_packet_out().
 */
static __always_inline bool nta_packet_out_is_plain(const struct sk_buff *skb,
						    u8 pf, enum nta_flow flow)
{
	const struct dst_entry *dst = skb_dst(skb);

	/* TCP never makes several segments of so little (TCP_MIN_SND_MSS). */
	if (pf == NFPROTO_IPV4 && flow == NTA_TCP_SND && skb->len <= IPV4_MIN_MTU)
		return !dst_xfrm(dst);
	if (flow == NTA_UDP_SND ? !nta_packet_out_is_usual(skb, pf) : skb_is_gso(skb))
		return false;
	if (pf == NFPROTO_IPV6)
		return skb->len <= IPV6_MIN_MTU &&
		       !dst_metric_raw(dst, RTAX_MTU);
	if (flow == NTA_UDP_SND && skb->len <= IPV4_MIN_MTU)
		return !dst_xfrm(dst);
	return skb->len <= READ_ONCE(dst->dev->mtu) && !dst->lwtstate &&
	       !dst_metric_raw(dst, RTAX_MTU) &&
	       !container_of(dst, struct rtable, dst)->rt_pmtu;
}

/**
 * nta_packet_is_whole - does lo carry an offloaded packet as it is?
 * @skb: the packet
 * @lo: the interface
 *
 * It counts it as one then, for it has no wire below; only without offload, or
 * above its limits (gso_features_check() in the kernel's dev.c, which sees the
 * link header too), it gets segments.
 */
static __always_inline bool nta_packet_is_whole(struct sk_buff *skb,
						const struct net_device *lo)
{
	return skb_gso_ok(skb, lo->features) &&
	       skb_shinfo(skb)->gso_segs <= READ_ONCE(lo->gso_max_segs) &&
	       skb->len + ETH_HLEN < netif_get_gso_max_size(lo, skb);
}

/**
 * nta_packet_out_mtu - what passes a route of which only its device says the MTU
 * @skb: a packet that is no tunnel's, in LOCAL_OUT
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: bytes from the network header on; 0 for any other route.
 */
static __always_inline u32 nta_packet_out_mtu(const struct sk_buff *skb, u8 pf)
{
	const struct dst_entry *dst = skb_dst(skb);
	const struct inet6_dev *idev;

	if (dst_xfrm(dst) || dst->lwtstate || dst_metric_raw(dst, RTAX_MTU))
		return 0;
	if (pf == NFPROTO_IPV4)
		return container_of(dst, struct rtable, dst)->rt_pmtu ?
			       0 : READ_ONCE(dst->dev->mtu);
	idev = __in6_dev_get(dst->dev);
	return idev ? READ_ONCE(idev->cnf.mtu6) : 0;
}

/* The first byte of an IPv4 header without options. */
#define NTA_PACKET_PLAIN_V4	0x45

/**
 * nta_packet_segments - what an offloaded packet of TCP is on the wire, if that is easy
 * @skb: the packet; TCP's header is the next one after that of the network
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @header: bytes of link header that the interface counts
 * @mtu: largest packet that passes
 *
 * What nta_packet_in() and nta_packet_out() say in the end, without any call.
 *
 * Return: what the interface counts; nothing when there is more to ask.
 */
static __always_inline struct nta_wire
nta_packet_segments(const struct sk_buff *skb, u8 pf, u32 header, u32 mtu)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	u32 headers = pf == NFPROTO_IPV4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	const u8 *network = skb_network_header(skb);
	u32 segs = info->gso_segs;

	if (!(info->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) || skb->encapsulation ||
	    skb_headlen(skb) < headers + sizeof(struct tcphdr) ||
	    (pf == NFPROTO_IPV4 && *network != NTA_PACKET_PLAIN_V4))
		return (struct nta_wire) {};
	headers += __tcp_hdrlen((const struct tcphdr *)(network + headers));
	if (headers + info->gso_size > mtu)
		return (struct nta_wire) {};
	return (struct nta_wire) {
		segs, (u64)skb->len - headers + (u64)segs * (headers + header)
	};
}

bool nta_packet_stays(const struct sk_buff *skb, u8 pf);

/**
 * nta_packet_out_again - will this packet pass LOCAL_OUT once more?
 * @skb: the packet, in LOCAL_OUT
 * @state: of the hook
 *
 * What leaves through a VRF passes for the VRF first, and then for the device
 * that belongs to it (vrf_ip_out()); what stays in the VRF passes once.
 */
static inline bool nta_packet_out_again(const struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	return unlikely(netif_is_l3_master(state->out)) &&
	       !nta_packet_stays(skb, state->pf);
}

/**
 * nta_packet_heard - is this received packet one that this host sent?
 * @skb: the packet, in LOCAL_IN
 *
 * Of what a socket sends to a group or to all, the members on this host get a
 * copy that no interface carries (dev_loopback_xmit()).
 */
static inline bool nta_packet_heard(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_LOOPBACK;
}

struct nta_wire nta_packet_in(struct sk_buff *skb, const struct net_device *dev,
			      unsigned int transport);
struct nta_wire nta_packet_out(struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       unsigned int transport);
void nta_packet_gso(struct sk_buff *skb, unsigned int transport,
		    struct nta_wire_gso *gso);
u32 nta_packet_fragmentable(struct sk_buff *skb, u8 pf);
struct nta_wire nta_packet_reassembled(struct sk_buff *skb,
				       const struct net_device *dev, u8 pf);

#endif /* _NTA_PACKET_H */
