// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet path: from a packet to its socket. Both hooks come after
 * the firewall's, so that what it drops is neither sent nor received, and both
 * always accept.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "choice.h"
#include "credit.h"
#include "frag.h"
#include "hooks.h"
#include "ipsec.h"
#include "l4.h"
#include "lookup.h"
#include "packet.h"
#include "pass.h"
#include "sock.h"
#include "totals.h"

/* Does the packet come with its socket? Not so in another namespace. */
static __always_inline bool nta_sk_is_known(const struct sk_buff *skb,
					    const struct nf_hook_state *state)
{
	return skb->sk && net_eq(sock_net(skb->sk), state->net);
}

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
	if (pass != NTA_PASS_EARLY && pass != NTA_PASS_AGAIN) {
		wire = nta_ipsec_out(skb, state, l4);
		if (!wire.packets)
			return NF_ACCEPT;
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
	if (dev->flags & IFF_LOOPBACK && nta_packet_is_whole(skb, dev))
		wire = nta_wire_plain(skb->len, header);
	else
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

static __always_inline unsigned int nta_out(struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    u8 pf, enum nta_flow flow)
{
	const struct net_device *dev = skb_dst(skb)->dev;
	u32 header = nta_link_out_plain(dev);
	struct sock *sk = state->sk;

	/* The socket of the packet and of the hook differ in the answer to a SYN. */
	if (unlikely(header == NTA_LINK_ASK) ||
	    unlikely(!sk || (flow == NTA_TCP_SND && skb->sk != sk) ||
		     dev != state->out))
		return nta_out_any(NULL, skb, state);
	if (unlikely(!nta_packet_out_is_plain(skb, pf, flow))) {
		if (flow != NTA_TCP_SND)
			return nta_out_any(NULL, skb, state);
		return pf == NFPROTO_IPV4 ?
			       nta_out_segments_v4(NULL, skb, state, header) :
			       nta_out_segments_v6(NULL, skb, state, header);
	}
	return nta_credit(sk, skb, state, flow, NTA_SND,
			  nta_wire_plain(skb->len, header));
}

/*
 * LOCAL_OUT. The socket is the hook's, not the packet's: of a tunnel's packet
 * the latter is the inner one's. Softirq or process, under rcu_read_lock().
 */
static __always_inline unsigned int nta_hook_out(struct sk_buff *skb,
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
			 struct nta_l4 l4, struct nta_wire wire)
{
	struct nta_ports buf;
	const struct nta_ports *ports;

	if (likely(!found->later))
		return false;
	ports = skb_header_pointer(skb, l4.offset, sizeof(buf), &buf);
	return ports && nta_choice_await(nta_lookup_net(skb), *ports,
					 nta_l4_flow(l4), wire);
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
		if (s)
			nta_sock_count(s, NTA_RCV, wire.packets, wire.bytes);
		else
			nta_totals_class_alone(owner.class, owner.flow,
					       wire.packets, wire.bytes);
		return;
	}
	if (flow == NTA_FLOWS) {
		if (l4.protocol == nta_l4_icmp(state->pf))
			nta_totals_icmp(NTA_RCV, 1);
		return;
	}

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
	if (nta_sk_await(&found, skb, l4, wire))
		nta_credit(NULL, skb, state, flow, NTA_RCV, wire);
	else
		nta_credit(found.sk, skb, state, flow, NTA_RCV, wire);
put:
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
	struct sock *sk = flow == NTA_TCP_SND ? nta_lookup_tcp(skb, state, pf) :
						nta_lookup_udp(skb, state, pf);

	if (unlikely(!sk))
		return nta_in_any(NULL, skb, state);
	nta_credit(sk, skb, state, flow, NTA_RCV,
		   nta_wire_plain(skb->len, header));
	if (flow == NTA_TCP_SND)
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
 * its interface is known what link header it counts.
 */
static __always_inline unsigned int
nta_in_segments(struct sk_buff *skb, const struct nf_hook_state *state, u8 pf,
		u32 header)
{
	/* lo counts what it carries as one packet. */
	bool one = !skb_is_gso(skb) || state->in->flags & IFF_LOOPBACK;
	struct nta_wire wire = nta_wire_plain(skb->len, header);

	if (unlikely(nta_frag_is_reassembled(skb, pf) || nta_ipsec_is_in(skb)))
		return nta_in_any(NULL, skb, state);
	if (unlikely(!nta_sk_is_known(skb, state)))
		return one ? nta_in_unknown(skb, state, pf, NTA_TCP_SND, header) :
			     nta_in_any(NULL, skb, state);
	if (!one)
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
	any |= nta_frag_max(skb, pf);
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

static __always_inline unsigned int nta_in(struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   u8 pf, enum nta_flow flow)
{
	u32 header = nta_link_in_plain(state->in);

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

/* LOCAL_IN. Softirq, or process on lo, under rcu_read_lock(). */
static __always_inline unsigned int nta_hook_in(struct sk_buff *skb,
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

static unsigned int nta_hook_out_v4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return nta_hook_out(skb, state, NFPROTO_IPV4);
}

static unsigned int nta_hook_out_v6(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	return nta_hook_out(skb, state, NFPROTO_IPV6);
}

static unsigned int nta_hook_in_v4(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return nta_hook_in(skb, state, NFPROTO_IPV4);
}

static unsigned int nta_hook_in_v6(void *priv, struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	return nta_hook_in(skb, state, NFPROTO_IPV6);
}

#define NTA_HOOK(function, family, number) { \
	.hook = function, \
	.pf = family, \
	.hooknum = number, \
	.priority = NF_IP_PRI_LAST, \
}

/* One function for each, so that the compiler knows the family. */
static const struct nf_hook_ops nta_hook_ops[] = {
	NTA_HOOK(nta_hook_out_v4, NFPROTO_IPV4, NF_INET_LOCAL_OUT),
	NTA_HOOK(nta_hook_out_v6, NFPROTO_IPV6, NF_INET_LOCAL_OUT),
	NTA_HOOK(nta_hook_in_v4, NFPROTO_IPV4, NF_INET_LOCAL_IN),
	NTA_HOOK(nta_hook_in_v6, NFPROTO_IPV6, NF_INET_LOCAL_IN),
};

static int __net_init nta_net_init(struct net *net)
{
	nta_frag_net_begin(net);
	return nf_register_net_hooks(net, nta_hook_ops,
				     ARRAY_SIZE(nta_hook_ops));
}

static void __net_exit nta_net_pre_exit(struct net *net)
{
	nf_unregister_net_hooks(net, nta_hook_ops, ARRAY_SIZE(nta_hook_ops));
}

static struct pernet_operations nta_net_ops = {
	.init = nta_net_init,
	.pre_exit = nta_net_pre_exit,
	.exit = nta_frag_net_end,
};

/**
 * nta_hooks_setup - see the packets of every network namespace
 *
 * Return: 0 or a negative errno.
 */
int nta_hooks_setup(void)
{
	int err;

	nta_credit_setup();
	err = register_pernet_subsys(&nta_net_ops);
	if (err)
		nta_choice_teardown();
	return err;
}

/**
 * nta_hooks_teardown - see no packets any more
 *
 * Afterwards no packet is under way in the module.
 */
void nta_hooks_teardown(void)
{
	unregister_pernet_subsys(&nta_net_ops);
	synchronize_net();
	nta_choice_teardown();
}
