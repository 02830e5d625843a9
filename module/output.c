// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that leave, in LOCAL_OUT: from a packet to its socket, what it is on the
 * wire, and over which interface it goes. In softirq or process, under rcu_read_lock().
 *
 * A packet over loopback is another flow than one over any other interface, which costs
 * nothing: for each there are functions of their own, in which that is known.
 */
#include <linux/netfilter.h>

#include "advance.h"
#include "credit.h"
#include "ipsec.h"
#include "l4.h"
#include "link.h"
#include "output.h"
#include "packet.h"
#include "pass.h"
#include "totals.h"

/*
 * Any packet in LOCAL_OUT. The slow cases have their arguments where a hook has
 * them, which then need not be moved, and are no clones that take fewer.
 */
static noinline __noclone unsigned int
nta_out_any(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct sock *sk = nta_pass_sk(skb, state);
	enum nta_pass pass = nta_pass_out(skb, sk, state);
	struct nta_l4 l4 = nta_l4_find(skb, state->pf);
	enum nta_flow flow = nta_l4_flow(l4);
	struct nta_wire wire = {};

	if (pass == NTA_PASS_NOT)
		return NF_ACCEPT;
	if (pass == NTA_PASS_LAST)
		flow = nta_pass_flow(sk);
	else if (pass != NTA_PASS_AGAIN && l4.protocol == nta_l4_icmp(state->pf))
		nta_totals_icmp(NTA_SND, 1);
	if (flow == NTA_FLOWS)
		return NF_ACCEPT;
	flow += nta_link_scope(skb_dst(skb)->dev);
	if (pass != NTA_PASS_EARLY && pass != NTA_PASS_AGAIN) {
		wire = nta_ipsec_out(skb, state, l4);
		if (!wire.packets)
			return NF_ACCEPT;
		if (pass == NTA_PASS_LAST)
			nta_advance_take(sk, &wire);
	}
	if (unlikely(pass == NTA_PASS_OUTER || !state->sk))
		nta_totals_all(flow + NTA_SND, wire.packets, wire.bytes);
	if (unlikely(pass == NTA_PASS_OUTER)) {
		nta_totals_class(NTA_KERNEL, flow + NTA_SND, wire.packets, wire.bytes);
		return NF_ACCEPT;
	}
	if (unlikely(!state->sk))
		return nta_credit_any(sk, skb, state, flow, wire.packets, wire.bytes);
	return nta_credit(sk, skb, state, flow, NTA_SND, wire);
}

/*
 * A packet of TCP that may be several segments, with its socket; of its interface is
 * known what link header it counts.
 */
static __always_inline unsigned int
nta_out_segments(struct sk_buff *skb, const struct nf_hook_state *state, u8 pf,
		 u32 header)
{
	struct net_device *dev = skb_dst(skb)->dev;
	struct nta_wire wire;
	u32 mtu;

	if (unlikely(!skb_is_gso(skb) || nta_ipsec_is_out(skb, pf)))
		return nta_out_any(NULL, skb, state);
	mtu = nta_packet_out_mtu(skb, pf);
	if (unlikely(!mtu))
		return nta_out_any(NULL, skb, state);
	if (nta_link_is_loopback(dev)) {
		if (unlikely(!nta_packet_is_whole(skb, dev)))
			return nta_out_any(NULL, skb, state);
		return nta_credit(state->sk, skb, state, NTA_TCP_SND + NTA_LOOPBACK, NTA_SND,
				  nta_wire_plain(skb->len, 0));
	}
	wire = nta_packet_segments(skb, pf, header, mtu);
	if (unlikely(!wire.packets))
		return nta_out_any(NULL, skb, state);
	return nta_credit(state->sk, skb, state, NTA_TCP_SND, NTA_SND, wire);
}

static noinline __noclone unsigned int
nta_out_segments_v4(void *unused, struct sk_buff *skb,
		    const struct nf_hook_state *state, u32 header)
{
	return nta_out_segments(skb, state, NFPROTO_IPV4, header);
}

static noinline __noclone unsigned int
nta_out_segments_v6(void *unused, struct sk_buff *skb,
		    const struct nf_hook_state *state, u32 header)
{
	return nta_out_segments(skb, state, NFPROTO_IPV6, header);
}

/*
 * A packet of which is known what link header its interface counts, and whether that is
 * loopback; @flow says so.
 */
static __always_inline unsigned int nta_out_plain(const struct net_device *dev,
						  struct sk_buff *skb,
						  const struct nf_hook_state *state, u8 pf,
						  enum nta_flow flow, u32 header)
{
	struct sock *sk = state->sk;

	/* The socket of the packet and of the hook differ in the answer to a SYN. */
	if (unlikely(header == NTA_LINK_ASK) ||
	    unlikely(!sk || (!nta_flow_is_udp(flow) && skb->sk != sk) ||
		     dev != state->out))
		return nta_out_any(NULL, skb, state);
	if (unlikely(!nta_packet_out_is_plain(skb, pf, flow & ~NTA_LOOPBACK))) {
		if (nta_flow_is_udp(flow))
			return nta_out_any(NULL, skb, state);
		return pf == NFPROTO_IPV4 ?
			       nta_out_segments_v4(NULL, skb, state, header) :
			       nta_out_segments_v6(NULL, skb, state, header);
	}
	return nta_credit(sk, skb, state, flow, NTA_SND,
			  nta_wire_plain(skb->len, header));
}

/* A packet that leaves by an interface without an Ethernet header, mostly lo. */
static __always_inline unsigned int nta_out_bare(const struct net_device *dev,
						 struct sk_buff *skb,
						 const struct nf_hook_state *state, u8 pf,
						 enum nta_flow flow)
{
	if (likely(nta_link_is_loopback(dev)))
		return nta_out_plain(dev, skb, state, pf, flow + NTA_LOOPBACK, 0);
	return nta_out_plain(dev, skb, state, pf, flow, nta_link_bare(nta_link_again(dev)));
}

static noinline __noclone unsigned int
nta_out_bare_tcp4(const struct net_device *dev, struct sk_buff *skb,
		  const struct nf_hook_state *state)
{
	return nta_out_bare(dev, skb, state, NFPROTO_IPV4, NTA_TCP_SND);
}

static noinline __noclone unsigned int
nta_out_bare_udp4(const struct net_device *dev, struct sk_buff *skb,
		  const struct nf_hook_state *state)
{
	return nta_out_bare(dev, skb, state, NFPROTO_IPV4, NTA_UDP_SND);
}

static noinline __noclone unsigned int
nta_out_bare_tcp6(const struct net_device *dev, struct sk_buff *skb,
		  const struct nf_hook_state *state)
{
	return nta_out_bare(dev, skb, state, NFPROTO_IPV6, NTA_TCP_SND);
}

static noinline __noclone unsigned int
nta_out_bare_udp6(const struct net_device *dev, struct sk_buff *skb,
		  const struct nf_hook_state *state)
{
	return nta_out_bare(dev, skb, state, NFPROTO_IPV6, NTA_UDP_SND);
}

static __always_inline unsigned int nta_out(struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    u8 pf, enum nta_flow flow)
{
	const struct net_device *dev = skb_dst(skb)->dev;

	if (likely(dev->type == ARPHRD_ETHER))
		return nta_out_plain(dev, skb, state, pf, flow, nta_link_out_plain(dev));
	if (pf == NFPROTO_IPV4)
		return flow == NTA_TCP_SND ? nta_out_bare_tcp4(dev, skb, state) :
					     nta_out_bare_udp4(dev, skb, state);
	return flow == NTA_TCP_SND ? nta_out_bare_tcp6(dev, skb, state) :
				     nta_out_bare_udp6(dev, skb, state);
}

/*
 * The socket is the hook's, not the packet's: of a tunnel's packet the latter is the
 * inner one's.
 */
static __always_inline unsigned int nta_output(struct sk_buff *skb,
					       const struct nf_hook_state *state,
					       u8 pf)
{
	if (nta_l4_is(skb, pf, IPPROTO_TCP))
		return nta_out(skb, state, pf, NTA_TCP_SND);
	if (nta_l4_is(skb, pf, IPPROTO_UDP))
		return nta_out(skb, state, pf, NTA_UDP_SND);
	if (nta_l4_is(skb, pf, nta_l4_icmp(pf)) && likely(state->sk) &&
	    likely(!netif_is_l3_master(state->out))) {
		nta_totals_icmp(NTA_SND, 1);
		return NF_ACCEPT;
	}
	return nta_out_any(NULL, skb, state);
}

/**
 * nta_output_v4 - count a packet of IPv4 that leaves: nf_hookfn
 * @priv: unused
 * @skb: the packet
 * @state: of the hook
 *
 * Return: NF_ACCEPT.
 */
unsigned int nta_output_v4(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	return nta_output(skb, state, NFPROTO_IPV4);
}

/**
 * nta_output_v6 - count a packet of IPv6 that leaves: nf_hookfn
 * @priv: unused
 * @skb: the packet
 * @state: of the hook
 *
 * Return: NF_ACCEPT.
 */
unsigned int nta_output_v6(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	return nta_output(skb, state, NFPROTO_IPV6);
}
