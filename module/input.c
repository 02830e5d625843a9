// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that arrive, in LOCAL_IN: from a packet to the socket that it is for, and what
 * it was on the wire. In softirq, or process on lo, under rcu_read_lock().
 *
 * As for those that leave there are functions of their own for packets over loopback.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "choice.h"
#include "credit.h"
#include "frag.h"
#include "input.h"
#include "ipsec.h"
#include "l4.h"
#include "link.h"
#include "lookup.h"
#include "packet.h"
#include "sock.h"
#include "totals.h"

/* Does the packet come with its socket? Not so in another namespace. */
static __always_inline bool nta_sk_is_known(const struct sk_buff *skb,
					    const struct nf_hook_state *state)
{
	return skb->sk && net_eq(sock_net(skb->sk), state->net);
}

/* The socket that a packet is for, as the stack will find it. */
static struct nta_found nta_sk_get(struct sk_buff *skb,
				   const struct nf_hook_state *state,
				   struct nta_l4 l4)
{
	struct nta_found known = { .sk = skb->sk };

	if (nta_sk_is_known(skb, state))
		return known;
	return nta_lookup(skb, state, l4);
}

static void nta_sk_put(const struct nta_found *found)
{
	if (found->counted)
		sock_gen_put(found->sk);
}

/* Is the socket of a packet to be chosen, and will the stack tell which? */
static bool nta_sk_await(const struct nta_found *found, const struct sk_buff *skb,
			 struct nta_l4 l4, enum nta_flow flow, struct nta_wire wire)
{
	struct nta_ports buf;
	const struct nta_ports *ports;

	if (likely(!found->later))
		return false;
	ports = skb_header_pointer(skb, l4.offset, sizeof(buf), &buf);
	return ports && nta_choice_await(nta_lookup_net(skb), *ports, flow, wire);
}

/* Does not the packet count, but one that IPsec will take out of it? */
static bool nta_sk_is_inner(const struct nta_found *found,
			    const struct sk_buff *skb, struct nta_l4 l4)
{
	return found->sk && l4.protocol == IPPROTO_UDP &&
	       nta_ipsec_is_in_udp(found->sk, skb, l4.offset);
}

/*
 * A fragment, of IPv6: the first one says to which socket the others belong.
 * They find its entry again, or their packets are those of a socket gone.
 */
static noinline void nta_in_fragment(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     struct nta_l4 l4)
{
	struct nta_wire wire = nta_ipsec_one(skb, state->pf, state->in, skb->len);
	enum nta_flow flow = nta_l4_flow(l4);
	struct nta_frag_owner owner = {};
	struct nta_found found;
	struct nta_wire before;
	struct nta_sock *s;

	if (nta_ipsec_is_protocol(l4.protocol))
		return;
	if (!l4.first) {
		if (!nta_frag_later(skb, state, wire, &owner) ||
		    owner.flow == NTA_FLOWS)
			return;
		nta_totals_all(owner.flow, wire.packets, wire.bytes);
		s = owner.key ? nta_sock_find(owner.key) : NULL;
		if (!s)
			nta_totals_class_alone(owner.class, owner.flow,
					       wire.packets, wire.bytes);
		else if (!nta_sock_count_any(s, owner.flow, wire.packets, wire.bytes))
			nta_totals_class(NTA_OVERFLOW, owner.flow, wire.packets,
					 wire.bytes);
		return;
	}
	if (flow == NTA_FLOWS) {
		if (l4.protocol == nta_l4_icmp(state->pf))
			nta_totals_icmp(NTA_RCV, 1);
		return;
	}

	flow += nta_link_scope(state->in);
	found = nta_sk_get(skb, state, l4);
	nta_credit_owner(found.sk, flow, &owner);
	owner.flow = flow + NTA_RCV;
	if (nta_sk_is_inner(&found, skb, l4))
		owner.flow = NTA_FLOWS;
	before = nta_frag_first(skb, state, &owner);
	if (owner.flow == NTA_FLOWS)
		goto put;
	wire.packets += before.packets;
	wire.bytes += before.bytes;
	nta_credit(found.sk, skb, state, flow, NTA_RCV, wire);
put:
	nta_sk_put(&found);
}

/* Any packet in LOCAL_IN. */
static noinline __noclone unsigned int
nta_in_any(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nta_l4 l4 = nta_l4_find(skb, state->pf);
	enum nta_flow flow = nta_l4_flow(l4);
	struct nta_found found;
	struct nta_wire wire;

	if (nta_packet_heard(skb))
		return NF_ACCEPT;
	if (l4.fragment) {
		nta_in_fragment(skb, state, l4);
		return NF_ACCEPT;
	}
	if (flow == NTA_FLOWS) {
		if (l4.protocol == nta_l4_icmp(state->pf))
			nta_totals_icmp(NTA_RCV, 1);
		return NF_ACCEPT;
	}
	flow += nta_link_scope(state->in);
	found = nta_sk_get(skb, state, l4);
	if (nta_frag_is_reassembled(skb, state->pf)) {
		/* What is inside takes what is known of the fragments. */
		if (nta_sk_is_inner(&found, skb, l4))
			goto put;
		wire = nta_frag_take(skb, state);
	} else if (nta_ipsec_is_in(skb)) {
		wire = nta_ipsec_in(skb, state, l4.offset);
		if (!wire.packets)
			goto put;
	} else {
		wire = nta_packet_in(skb, state->in, l4.offset);
	}
	if (nta_sk_await(&found, skb, l4, flow, wire))
		nta_credit(NULL, skb, state, flow, NTA_RCV, wire);
	else
		nta_credit(found.sk, skb, state, flow, NTA_RCV, wire);
put:
	nta_sk_put(&found);
	return NF_ACCEPT;
}

/* A plain packet of TCP that is for no connection, mostly the first of one. */
static noinline __noclone unsigned int
nta_in_first(struct sk_buff *skb, const struct nf_hook_state *state,
	     enum nta_flow flow, u32 header)
{
	struct nta_wire wire = nta_wire_plain(skb->len, header);
	struct nta_l4 l4 = nta_l4_find(skb, state->pf);
	struct nta_found found = nta_lookup(skb, state, l4);
	bool later = nta_sk_await(&found, skb, l4, flow, wire);

	nta_credit(later ? NULL : found.sk, skb, state, flow, NTA_RCV, wire);
	nta_sk_put(&found);
	return NF_ACCEPT;
}

/*
 * A plain packet that comes without its socket, as all do on lo; of its interface
 * is known what link header it counts.
 */
static __always_inline unsigned int
nta_in_lookup(struct sk_buff *skb, const struct nf_hook_state *state, u8 pf,
	      enum nta_flow flow, u32 header)
{
	struct sock *sk = nta_flow_is_udp(flow) ? nta_lookup_udp(skb, state, pf) :
						  nta_lookup_tcp(skb, state, pf);

	if (unlikely(!sk))
		return nta_flow_is_udp(flow) ? nta_in_any(NULL, skb, state) :
					       nta_in_first(skb, state, flow, header);
	nta_credit(sk, skb, state, flow, NTA_RCV,
		   nta_wire_plain(skb->len, header));
	if (!nta_flow_is_udp(flow))
		sock_gen_put(sk);
	return NF_ACCEPT;
}

/* Not inlined: the packets that come with their socket need no stack frame. */
static noinline __noclone unsigned int
nta_in_lookup_tcp4(void *unused, struct sk_buff *skb,
		   const struct nf_hook_state *state, u32 header)
{
	return nta_in_lookup(skb, state, NFPROTO_IPV4, NTA_TCP_SND, header);
}

static noinline __noclone unsigned int
nta_in_lookup_udp4(void *unused, struct sk_buff *skb,
		   const struct nf_hook_state *state, u32 header)
{
	return nta_in_lookup(skb, state, NFPROTO_IPV4, NTA_UDP_SND, header);
}

static noinline __noclone unsigned int
nta_in_lookup_tcp6(void *unused, struct sk_buff *skb,
		   const struct nf_hook_state *state, u32 header)
{
	return nta_in_lookup(skb, state, NFPROTO_IPV6, NTA_TCP_SND, header);
}

static noinline __noclone unsigned int
nta_in_lookup_udp6(void *unused, struct sk_buff *skb,
		   const struct nf_hook_state *state, u32 header)
{
	return nta_in_lookup(skb, state, NFPROTO_IPV6, NTA_UDP_SND, header);
}

static __always_inline unsigned int
nta_in_unknown(struct sk_buff *skb, const struct nf_hook_state *state, u8 pf,
	       enum nta_flow flow, u32 header)
{
	if (pf == NFPROTO_IPV4)
		return flow == NTA_TCP_SND ?
			       nta_in_lookup_tcp4(NULL, skb, state, header) :
			       nta_in_lookup_udp4(NULL, skb, state, header);
	return flow == NTA_TCP_SND ? nta_in_lookup_tcp6(NULL, skb, state, header) :
				     nta_in_lookup_udp6(NULL, skb, state, header);
}

/*
 * A packet of TCP that was perhaps several segments, or has something attached; of
 * its interface is known what link header it counts, and that it is not lo.
 */
static __always_inline unsigned int
nta_in_segments(struct sk_buff *skb, const struct nf_hook_state *state, u8 pf,
		u32 header)
{
	struct nta_wire wire = nta_wire_plain(skb->len, header);

	if (unlikely(nta_frag_is_reassembled(skb, pf) || nta_ipsec_is_in(skb)))
		return nta_in_any(NULL, skb, state);
	if (unlikely(!nta_sk_is_known(skb, state)))
		return skb_is_gso(skb) ? nta_in_any(NULL, skb, state) :
					 nta_in_unknown(skb, state, pf, NTA_TCP_SND, header);
	if (skb_is_gso(skb))
		wire = nta_packet_segments(skb, pf, header, U32_MAX);
	if (unlikely(!wire.packets))
		return nta_in_any(NULL, skb, state);
	return nta_credit(skb->sk, skb, state, NTA_TCP_SND, NTA_RCV, wire);
}

static noinline __noclone unsigned int
nta_in_segments_v4(void *unused, struct sk_buff *skb,
		   const struct nf_hook_state *state, u32 header)
{
	return nta_in_segments(skb, state, NFPROTO_IPV4, header);
}

static noinline __noclone unsigned int
nta_in_segments_v6(void *unused, struct sk_buff *skb,
		   const struct nf_hook_state *state, u32 header)
{
	return nta_in_segments(skb, state, NFPROTO_IPV6, header);
}

/* Is this the packet that came, and nothing attached to it? One comparison says so. */
static __always_inline bool nta_in_is_usual(const struct sk_buff *skb, u8 pf)
{
	u16 any = nta_ipsec_hint(skb);

	any |= skb_shinfo(skb)->gso_size;
	any |= nta_packet_fragment_max(skb, pf);
	return !any;
}

/* Is it the packet that came, then? Of one that is not usual. */
static __always_inline bool nta_in_is_plain(const struct sk_buff *skb, u8 pf)
{
	/* The compiler shall read again what it compared at once. */
	OPTIMIZER_HIDE_VAR(skb);
	return !skb_is_gso(skb) && !nta_frag_is_reassembled(skb, pf) &&
	       !nta_ipsec_is_in(skb);
}

/* A packet of which is known what link header its interface, which is not lo, counts. */
static __always_inline unsigned int nta_in_plain(struct sk_buff *skb,
						 const struct nf_hook_state *state,
						 u8 pf, enum nta_flow flow, u32 header)
{
	if (unlikely(header == NTA_LINK_ASK))
		return nta_in_any(NULL, skb, state);
	if (unlikely(!nta_in_is_usual(skb, pf))) {
		if (flow == NTA_TCP_SND)
			return pf == NFPROTO_IPV4 ?
				       nta_in_segments_v4(NULL, skb, state, header) :
				       nta_in_segments_v6(NULL, skb, state, header);
		if (!nta_in_is_plain(skb, pf))
			return nta_in_any(NULL, skb, state);
	}
	if (unlikely(!nta_sk_is_known(skb, state)))
		return nta_in_unknown(skb, state, pf, flow, header);
	return nta_credit(skb->sk, skb, state, flow, NTA_RCV,
			  nta_wire_plain(skb->len, header));
}

/*
 * A packet over lo, which counts as one packet what it carries, however many segments
 * of TCP that is.
 */
static __always_inline unsigned int nta_in_loopback(struct sk_buff *skb,
						    const struct nf_hook_state *state,
						    u8 pf, enum nta_flow flow)
{
	if (unlikely(!nta_in_is_usual(skb, pf))) {
		OPTIMIZER_HIDE_VAR(skb);
		if ((flow == NTA_UDP_SND && skb_is_gso(skb)) ||
		    nta_frag_is_reassembled(skb, pf) || nta_ipsec_is_in(skb))
			return nta_in_any(NULL, skb, state);
	}
	if (unlikely(nta_sk_is_known(skb, state)))
		return nta_in_any(NULL, skb, state);
	return nta_in_lookup(skb, state, pf, flow + NTA_LOOPBACK, 0);
}

/* A packet over an interface without an Ethernet header, mostly lo. */
static __always_inline unsigned int nta_in_bare(const struct net_device *dev,
						struct sk_buff *skb,
						const struct nf_hook_state *state,
						u8 pf, enum nta_flow flow)
{
	if (likely(nta_link_is_loopback(dev)))
		return nta_in_loopback(skb, state, pf, flow);
	return nta_in_plain(skb, state, pf, flow, nta_link_bare(nta_link_again(dev)));
}

static noinline __noclone unsigned int
nta_in_bare_tcp4(const struct net_device *dev, struct sk_buff *skb,
		 const struct nf_hook_state *state)
{
	return nta_in_bare(dev, skb, state, NFPROTO_IPV4, NTA_TCP_SND);
}

static noinline __noclone unsigned int
nta_in_bare_udp4(const struct net_device *dev, struct sk_buff *skb,
		 const struct nf_hook_state *state)
{
	return nta_in_bare(dev, skb, state, NFPROTO_IPV4, NTA_UDP_SND);
}

static noinline __noclone unsigned int
nta_in_bare_tcp6(const struct net_device *dev, struct sk_buff *skb,
		 const struct nf_hook_state *state)
{
	return nta_in_bare(dev, skb, state, NFPROTO_IPV6, NTA_TCP_SND);
}

static noinline __noclone unsigned int
nta_in_bare_udp6(const struct net_device *dev, struct sk_buff *skb,
		 const struct nf_hook_state *state)
{
	return nta_in_bare(dev, skb, state, NFPROTO_IPV6, NTA_UDP_SND);
}

static __always_inline unsigned int nta_in(struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   u8 pf, enum nta_flow flow)
{
	const struct net_device *dev = state->in;

	if (likely(dev->type == ARPHRD_ETHER))
		return nta_in_plain(skb, state, pf, flow, nta_link_in_plain(dev));
	if (pf == NFPROTO_IPV4)
		return flow == NTA_TCP_SND ? nta_in_bare_tcp4(dev, skb, state) :
					     nta_in_bare_udp4(dev, skb, state);
	return flow == NTA_TCP_SND ? nta_in_bare_tcp6(dev, skb, state) :
				     nta_in_bare_udp6(dev, skb, state);
}

static __always_inline unsigned int nta_input(struct sk_buff *skb,
					      const struct nf_hook_state *state,
					      u8 pf)
{
	if (nta_l4_is(skb, pf, IPPROTO_TCP))
		return nta_in(skb, state, pf, NTA_TCP_SND);
	if (unlikely(nta_packet_heard(skb)))
		return NF_ACCEPT;
	if (nta_l4_is(skb, pf, IPPROTO_UDP))
		return nta_in(skb, state, pf, NTA_UDP_SND);
	if (likely(nta_l4_is(skb, pf, nta_l4_icmp(pf)))) {
		nta_totals_icmp(NTA_RCV, 1);
		return NF_ACCEPT;
	}
	return nta_in_any(NULL, skb, state);
}

/**
 * nta_input_v4 - count a packet of IPv4 that arrives: nf_hookfn
 * @priv: unused
 * @skb: the packet
 * @state: of the hook
 *
 * Return: NF_ACCEPT.
 */
unsigned int nta_input_v4(void *priv, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	return nta_input(skb, state, NFPROTO_IPV4);
}

/**
 * nta_input_v6 - count a packet of IPv6 that arrives: nf_hookfn
 * @priv: unused
 * @skb: the packet
 * @state: of the hook
 *
 * Return: NF_ACCEPT.
 */
unsigned int nta_input_v6(void *priv, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	return nta_input(skb, state, NFPROTO_IPV6);
}
