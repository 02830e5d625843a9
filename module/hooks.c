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
	else if (l4.protocol == nta_l4_icmp(state->pf))
		nta_totals_icmp(NTA_SND, 1);
	if (flow == NTA_FLOWS)
		return NF_ACCEPT;
	if (pass != NTA_PASS_EARLY) {
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
		     dev != state->out ||
		     !nta_packet_out_is_plain(skb, pf, flow)))
		return nta_out_any(NULL, skb, state);
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
			nta_totals_class(owner.class, owner.flow, wire.packets,
					 wire.bytes);
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

/* A plain packet that comes without its socket, as all do on lo. */
static __always_inline unsigned int
nta_in_lookup(struct sk_buff *skb, const struct nf_hook_state *state, u8 pf,
	      enum nta_flow flow)
{
	struct sock *sk = flow == NTA_TCP_SND ? nta_lookup_tcp(skb, state, pf) :
						nta_lookup_udp(skb, state, pf);

	if (unlikely(!sk))
		return nta_in_any(NULL, skb, state);
	nta_credit(sk, skb, state, flow, NTA_RCV,
		   nta_wire_plain(skb->len, nta_link_in_plain(state->in)));
	if (flow == NTA_TCP_SND)
		sock_gen_put(sk);
	return NF_ACCEPT;
}

/* Not inlined: the packets that come with their socket need no stack frame. */
static noinline __noclone unsigned int
nta_in_lookup_v4(void *unused, struct sk_buff *skb,
		 const struct nf_hook_state *state, enum nta_flow flow)
{
	if (flow == NTA_TCP_SND)
		return nta_in_lookup(skb, state, NFPROTO_IPV4, NTA_TCP_SND);
	return nta_in_lookup(skb, state, NFPROTO_IPV4, NTA_UDP_SND);
}

static noinline __noclone unsigned int
nta_in_lookup_v6(void *unused, struct sk_buff *skb,
		 const struct nf_hook_state *state, enum nta_flow flow)
{
	if (flow == NTA_TCP_SND)
		return nta_in_lookup(skb, state, NFPROTO_IPV6, NTA_TCP_SND);
	return nta_in_lookup(skb, state, NFPROTO_IPV6, NTA_UDP_SND);
}

/* Is this the packet that came? One comparison says so; it is read again for the others. */
static __always_inline bool nta_in_is_plain(const struct sk_buff *skb, u8 pf)
{
	u16 any = nta_ipsec_hint(skb);

	any |= skb_shinfo(skb)->gso_size;
	any |= nta_frag_max(skb, pf);
	if (likely(!any))
		return true;
	OPTIMIZER_HIDE_VAR(skb);
	return !skb_is_gso(skb) && !nta_frag_is_reassembled(skb, pf) &&
	       !nta_ipsec_is_in(skb);
}

static __always_inline unsigned int nta_in(struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   u8 pf, enum nta_flow flow)
{
	u32 header = nta_link_in_plain(state->in);

	if (unlikely(header == NTA_LINK_ASK) || unlikely(!nta_in_is_plain(skb, pf)))
		return nta_in_any(NULL, skb, state);
	if (unlikely(!nta_sk_is_known(skb, state)))
		return pf == NFPROTO_IPV4 ?
			       nta_in_lookup_v4(NULL, skb, state, flow) :
			       nta_in_lookup_v6(NULL, skb, state, flow);
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
