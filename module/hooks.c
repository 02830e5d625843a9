// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet path: from a packet to its socket's entry. Both hooks come after
 * the firewall's, so that what it drops is neither sent nor received, and both
 * always accept.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/sched.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/mptcp.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_socket.h>

#include "frag.h"
#include "hooks.h"
#include "owner.h"
#include "packet.h"
#include "sock.h"
#include "totals.h"

/* States of a TCP socket that will soon be no more. */
#define NTA_CLOSING	(TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 | TCPF_CLOSING | \
			 TCPF_LAST_ACK)

/**
 * struct nta_l4 - the transport header of a packet
 * @protocol: IPPROTO_*
 * @offset: of the header, from the network header on
 * @fragment: the packet is a fragment
 * @first: it has the header
 */
struct nta_l4 {
	u8 protocol;
	bool fragment;
	bool first;
	unsigned int offset;
};

/* Returns false when the header chain cannot be followed. */
static bool nta_l4_v6_find(const struct sk_buff *skb, struct nta_l4 *l4)
{
	__be16 frag_off = 0;
	u8 nexthdr = ipv6_hdr(skb)->nexthdr;
	int offset;

	offset = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &nexthdr,
				  &frag_off);
	if (offset < 0)
		return false;
	l4->protocol = nexthdr;
	l4->offset = offset;
	l4->fragment = frag_off != 0;
	l4->first = !(frag_off & htons(IP6_OFFSET));
	return true;
}

static __always_inline bool nta_l4_find(const struct sk_buff *skb, u8 pf,
					struct nta_l4 *l4)
{
	l4->fragment = false;
	l4->first = true;
	if (pf == NFPROTO_IPV4) {
		const struct iphdr *iph = ip_hdr(skb);

		l4->protocol = iph->protocol;
		l4->offset = iph->ihl * 4;
		if (unlikely(iph->frag_off & htons(IP_MF | IP_OFFSET))) {
			l4->fragment = true;
			l4->first = !(iph->frag_off & htons(IP_OFFSET));
		}
		return true;
	}
	l4->protocol = ipv6_hdr(skb)->nexthdr;
	l4->offset = sizeof(struct ipv6hdr);
	if (likely(l4->protocol == IPPROTO_TCP || l4->protocol == IPPROTO_UDP))
		return true;
	return nta_l4_v6_find(skb, l4);
}

/* NTA_TCP_SND or NTA_UDP_SND; NTA_FLOWS for all that is not accounted. */
static __always_inline enum nta_flow nta_flow_of(const struct nta_l4 *l4)
{
	if (l4->protocol == IPPROTO_TCP)
		return NTA_TCP_SND;
	if (l4->protocol == IPPROTO_UDP)
		return NTA_UDP_SND;
	return NTA_FLOWS;
}

static void nta_other(const struct nta_l4 *l4, enum nta_dir dir)
{
	if (l4->protocol == IPPROTO_ICMP || l4->protocol == IPPROTO_ICMPV6)
		nta_totals_icmp(dir, 1);
}

static bool nta_sk_is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM;
}

/*
 * The socket that the application has: of an MPTCP subflow the MPTCP socket,
 * which shares its struct socket with its subflows once it has one. Both are
 * freed under RCU, and sockets of this kind after a grace period.
 */
static const struct sock *nta_sk_visible(const struct sock *sk)
{
	const struct socket *sock;
	const struct sock *msk;

	if (!IS_ENABLED(CONFIG_MPTCP) || !nta_sk_is_tcp(sk) || !sk_is_mptcp(sk))
		return sk;
	sock = READ_ONCE(sk->sk_socket);
	msk = sock ? READ_ONCE(sock->sk) : NULL;
	return msk ?: sk;
}

/*
 * The class of a socket that no task owns, NTA_CLASSES for all others. The
 * stack answers for sockets that do not exist (any more) by raw TCP sockets of
 * its own.
 */
static __always_inline enum nta_class nta_sk_class(const struct sock *sk)
{
	if (likely(!sk->sk_kern_sock))
		return NTA_CLASSES;
	if (sk->sk_type == SOCK_RAW)
		return NTA_NOSOCKET;
	if (IS_ENABLED(CONFIG_MPTCP) && nta_sk_is_tcp(sk) && sk_is_mptcp(sk))
		return NTA_CLASSES;
	return NTA_KERNEL;
}

/* May the current task own the packet it sends? */
static bool nta_task_sends(void)
{
	return in_task() && !(current->flags & PF_KTHREAD);
}

/* The first packet of a socket: make its entry. */
static noinline struct nta_sock *nta_sock_first(const struct sock *sk, u64 key,
						enum nta_flow flow,
						enum nta_dir dir,
						enum nta_class *class)
{
	struct nta_sock *s;
	bool added;

	*class = NTA_GONE;
	if (sock_flag(sk, SOCK_DEAD))
		return NULL;
	*class = NTA_OVERFLOW;
	s = nta_sock_add(key, flow, &added);
	if (!s || !added)
		return s;
	if (dir == NTA_RCV || !nta_task_sends())
		nta_owner_park(s);
	else if (!nta_owner_claim_new(s, current))
		return NULL;
	return s;
}

/* The socket that has an entry; NULL and the class instead when none has. */
static __always_inline struct sock *nta_sk_owned(struct sock *sk,
						 enum nta_class *class)
{
	*class = NTA_NOSOCKET;
	if (sk)
		sk = sk_to_full_sk(sk);
	if (unlikely(!sk || !sk_fullsock(sk)))
		return NULL;
	*class = nta_sk_class(sk);
	return likely(*class == NTA_CLASSES) ? sk : NULL;
}

static __always_inline u64 nta_sk_key(const struct sock *sk, enum nta_flow flow)
{
	return nta_sock_key(nta_sock_cookie(nta_sk_visible(sk)), flow);
}

/* Count a packet for the socket @sk, NULL when it has none. */
static __always_inline void nta_credit(struct sock *sk, enum nta_flow flow,
				       enum nta_dir dir, struct nta_wire wire)
{
	enum nta_class class;
	struct nta_sock *s;
	u64 key;

	nta_totals_all(flow + dir, wire.packets, wire.bytes);
	sk = nta_sk_owned(sk, &class);
	if (unlikely(!sk))
		goto unowned;

	key = nta_sk_key(sk, flow);
	s = nta_sock_find(key);
	if (unlikely(!s)) {
		s = nta_sock_first(sk, key, flow, dir, &class);
		if (!s)
			goto unowned;
	}
	if (dir == NTA_SND && READ_ONCE(s->pid) != task_pid(current) &&
	    nta_task_sends() && !nta_owner_claim(s, current)) {
		class = NTA_OVERFLOW;
		goto unowned;
	}
	if (unlikely(1 << sk->sk_state & NTA_CLOSING))
		s->closing = true;
	nta_sock_count(s, dir, wire.packets, wire.bytes);
	return;

unowned:
	nta_totals_class(class, flow + dir, wire.packets, wire.bytes);
}

/*
 * LOCAL_OUT. The socket is the hook's, not the packet's: of a tunnel's packet
 * the latter is the inner one's. Softirq or process, under rcu_read_lock().
 */
static unsigned int nta_hook_out(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	struct nta_wire wire;
	enum nta_flow flow;
	struct nta_l4 l4;

	if (!nta_l4_find(skb, state->pf, &l4))
		return NF_ACCEPT;
	flow = nta_flow_of(&l4);
	if (unlikely(flow == NTA_FLOWS)) {
		nta_other(&l4, NTA_SND);
		return NF_ACCEPT;
	}
	wire = nta_packet_out(skb, state, l4.offset);
	if (likely(wire.packets))
		nta_credit(state->sk, flow, NTA_SND, wire);
	return NF_ACCEPT;
}

/*
 * The socket that a packet is for, as the stack will find it: referenced when
 * *@found, else valid while the packet is.
 */
static struct sock *nta_in_sk(struct sk_buff *skb,
			      const struct nf_hook_state *state, bool *found)
{
	struct sock *sk = skb->sk;

	*found = false;
	if (sk && net_eq(sock_net(sk), state->net))
		return sk;
	*found = true;
	if (state->pf == NFPROTO_IPV4)
		return nf_sk_lookup_slow_v4(state->net, skb, state->in);
	return nf_sk_lookup_slow_v6(state->net, skb, state->in);
}

/*
 * A fragment, of IPv6: the first one says to which socket the others belong.
 * They find its entry again, or their packets are those of a socket gone.
 */
static noinline void nta_in_fragment(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     const struct nta_l4 *l4)
{
	struct nta_wire wire = nta_wire_plain(skb->len, nta_link_in(state->in));
	enum nta_flow flow = nta_flow_of(l4);
	struct nta_frag_owner owner = {};
	struct sock *sk, *owned;
	struct nta_wire before;
	struct nta_sock *s;
	bool found;

	if (!l4->first) {
		if (!nta_frag_later(skb, state, wire, &owner))
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
		nta_other(l4, NTA_RCV);
		return;
	}

	sk = nta_in_sk(skb, state, &found);
	owned = nta_sk_owned(sk, &owner.class);
	if (owned) {
		owner.key = nta_sk_key(owned, flow);
		owner.class = NTA_GONE;
	}
	owner.flow = flow + NTA_RCV;
	before = nta_frag_first(skb, state, &owner);
	wire.packets += before.packets;
	wire.bytes += before.bytes;
	nta_credit(sk, flow, NTA_RCV, wire);
	if (found && sk)
		sock_gen_put(sk);
}

/* LOCAL_IN. Softirq, or process on lo, under rcu_read_lock(). */
static unsigned int nta_hook_in(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	struct nta_wire wire;
	enum nta_flow flow;
	struct nta_l4 l4;
	struct sock *sk;
	bool found;

	if (!nta_l4_find(skb, state->pf, &l4))
		return NF_ACCEPT;
	if (unlikely(l4.fragment)) {
		nta_in_fragment(skb, state, &l4);
		return NF_ACCEPT;
	}
	flow = nta_flow_of(&l4);
	if (unlikely(flow == NTA_FLOWS)) {
		nta_other(&l4, NTA_RCV);
		return NF_ACCEPT;
	}
	if (unlikely(nta_frag_is_reassembled(skb, state->pf)))
		wire = nta_frag_take(skb, state);
	else
		wire = nta_packet_in(skb, state->in, l4.offset);
	sk = nta_in_sk(skb, state, &found);
	nta_credit(sk, flow, NTA_RCV, wire);
	if (found && sk)
		sock_gen_put(sk);
	return NF_ACCEPT;
}

static const struct nf_hook_ops nta_hook_ops[] = {
	{
		.hook = nta_hook_out,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = nta_hook_in,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_LAST,
	},
};

static int __net_init nta_net_init(struct net *net)
{
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
	.exit = nta_frag_net_exit,
};

/**
 * nta_hooks_setup - see the packets of every network namespace
 *
 * Return: 0 or a negative errno.
 */
int nta_hooks_setup(void)
{
	return register_pernet_subsys(&nta_net_ops);
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
}
