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
#include "l4.h"
#include "lookup.h"
#include "owner.h"
#include "packet.h"
#include "sock.h"
#include "totals.h"
#include "unowned.h"

static bool nta_sk_is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM;
}

static bool nta_sk_is_subflow(const struct sock *sk)
{
	return IS_ENABLED(CONFIG_MPTCP) && nta_sk_is_tcp(sk) && sk_is_mptcp(sk);
}

/*
 * The socket that the application has: of an MPTCP subflow, also of one that
 * fell back to TCP, the MPTCP socket, which shares its struct socket with its
 * subflows once it has one. Both are freed under RCU, and sockets of this kind
 * after a grace period.
 */
static const struct sock *nta_sk_visible(const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);
	const struct sock *visible = sock ? READ_ONCE(sock->sk) : NULL;

	return visible ?: sk;
}

static __always_inline u64 nta_sk_key(const struct sock *sk, enum nta_flow flow)
{
	const struct sock *visible = nta_sk_visible(sk);

	if (visible == sk && nta_sk_is_subflow(sk))
		return nta_sock_key_subflow(nta_sock_cookie(sk));
	return nta_sock_key(nta_sock_cookie(visible), flow);
}

/*
 * The class of a socket that no task owns, NTA_CLASSES for all others. The
 * stack answers for sockets that do not exist (any more) by raw TCP sockets of
 * its own.
 */
static __always_inline enum nta_class nta_sk_class(const struct sock *sk)
{
	if (!sk->sk_kern_sock)
		return NTA_CLASSES;
	if (sk->sk_type == SOCK_RAW)
		return NTA_NOSOCKET;
	if (nta_sk_visible(sk) != sk || nta_sk_is_subflow(sk))
		return NTA_CLASSES;
	return NTA_KERNEL;
}

/* Does the packet come with its socket? Not so in another namespace. */
static __always_inline bool nta_sk_is_known(const struct sk_buff *skb,
					    const struct nf_hook_state *state)
{
	return skb->sk && net_eq(sock_net(skb->sk), state->net);
}

/*
 * May the current task own the packet it sends? No system call sends with
 * bottom halves off; where a task writes to a tun device, or a network worker of
 * a virtual machine does, the stack handles that, and answers, in the task's
 * context with bottom halves off.
 */
static bool nta_task_sends(void)
{
	return !in_interrupt() && !(current->flags & PF_KTHREAD);
}

/* The first packet of a socket: make its entry. */
static struct nta_sock *nta_sock_first(const struct sock *sk, u64 key,
				       enum nta_flow flow, enum nta_dir dir,
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
static __always_inline struct sock *nta_sk_owned(struct sock *sk, enum nta_class *class)
{
	*class = NTA_NOSOCKET;
	if (sk)
		sk = sk_to_full_sk(sk);
	if (!sk || !sk_fullsock(sk))
		return NULL;
	*class = nta_sk_class(sk);
	return *class == NTA_CLASSES ? sk : NULL;
}

/* What a subflow carried before it had its MPTCP socket is the owner's of that. */
static void nta_subflow_join(const struct sock *sk, struct nta_sock *s)
{
	struct nta_sock *before;

	if (!nta_unowned_any())
		return;
	before = nta_sock_find(nta_sock_key_subflow(nta_sock_cookie(sk)));
	if (before && before != s)
		nta_owner_share(before, s);
}

/*
 * Count a packet that the current task sends on a socket of another one. This
 * and the next return the hook's verdict, to be the last that the packet path
 * calls; for a struct as argument it would need a stack frame.
 */
static noinline unsigned int nta_credit_claim(struct nta_sock *s,
					      enum nta_flow flow, u64 packets,
					      u64 bytes)
{
	if (nta_owner_claim(s, current))
		nta_sock_count(s, NTA_SND, packets, bytes);
	else
		nta_totals_class(NTA_OVERFLOW, flow + NTA_SND, packets, bytes);
	return NF_ACCEPT;
}

/* Count any packet for the socket @sk, NULL when it has none. */
static noinline unsigned int nta_credit_any(struct sock *sk, enum nta_flow flow,
					    enum nta_dir dir, u64 packets,
					    u64 bytes)
{
	enum nta_class class;
	struct nta_sock *s;
	u64 key;

	sk = nta_sk_owned(sk, &class);
	if (!sk)
		goto unowned;

	key = nta_sk_key(sk, flow);
	s = nta_sock_find(key);
	if (!s) {
		s = nta_sock_first(sk, key, flow, dir, &class);
		if (!s)
			goto unowned;
	}
	if (dir == NTA_SND && READ_ONCE(s->pid) != task_pid(current) &&
	    nta_task_sends() && !nta_owner_claim(s, current)) {
		class = NTA_OVERFLOW;
		goto unowned;
	}
	nta_sock_count(s, dir, packets, bytes);
	if (nta_sk_is_subflow(sk))
		nta_subflow_join(sk, s);
	return NF_ACCEPT;

unowned:
	nta_totals_class(class, flow + dir, packets, bytes);
	return NF_ACCEPT;
}

/*
 * Count a packet for the socket @sk, NULL when it has none: what is most often
 * the case in few instructions, all else by nta_credit_any().
 */
static __always_inline unsigned int nta_credit(struct sock *sk,
					       enum nta_flow flow,
					       enum nta_dir dir,
					       struct nta_wire wire)
{
	struct nta_sock *s;

	nta_totals_all(flow + dir, wire.packets, wire.bytes);
	/*
	 * What is no full socket has no cookie, or one of its own, but in
	 * TIME_WAIT that of the connection.
	 */
	if (unlikely(!sk || (flow == NTA_TCP_SND &&
			     sk->sk_state == TCP_TIME_WAIT)))
		goto any;
	s = nta_sock_peek(nta_sock_table(), nta_sock_key(atomic64_read(&sk->sk_cookie), flow));
	if (unlikely(!s))
		goto any;
	if (dir == NTA_SND && unlikely(READ_ONCE(s->pid) != task_pid(current)) &&
	    nta_task_sends())
		return nta_credit_claim(s, flow, wire.packets, wire.bytes);
	nta_sock_count(s, dir, wire.packets, wire.bytes);
	return NF_ACCEPT;
any:
	return nta_credit_any(sk, flow, dir, wire.packets, wire.bytes);
}

/*
 * Any packet in LOCAL_OUT. The slow cases have their arguments where a hook has
 * them, which then need not be moved, and are no clones that take fewer.
 */
static noinline __noclone unsigned int
nta_out_any(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nta_l4 l4 = nta_l4_find(skb, state->pf);
	enum nta_flow flow = nta_l4_flow(l4);
	struct sock *sk = state->sk;
	struct nta_wire wire;

	if (nta_packet_out_again(skb, state))
		return NF_ACCEPT;
	if (flow == NTA_FLOWS) {
		if (l4.protocol == nta_l4_icmp(state->pf))
			nta_totals_icmp(NTA_SND, 1);
		return NF_ACCEPT;
	}
	/* A SYN cookie: sent for a listener, but by no request of its. */
	if (sk && sk->sk_state == TCP_LISTEN && !skb->sk)
		sk = NULL;
	wire = nta_packet_out(skb, state, l4.offset);
	if (!wire.packets)
		return NF_ACCEPT;
	return nta_credit(sk, flow, NTA_SND, wire);
}

static __always_inline unsigned int nta_out(struct sk_buff *skb,
					    const struct nf_hook_state *state,
					    u8 pf, enum nta_flow flow)
{
	const struct net_device *dev = state->out;
	struct sock *sk = state->sk;

	if (unlikely((flow == NTA_TCP_SND && !skb->sk) ||
		     netif_is_l3_master(dev) ||
		     !nta_packet_out_is_plain(skb, pf)))
		return nta_out_any(NULL, skb, state);
	return nta_credit(sk, flow, NTA_SND,
			  nta_wire_plain(skb->len, nta_link_out(dev)));
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
	if (nta_l4_is(skb, pf, nta_l4_icmp(pf)) &&
	    likely(!netif_is_l3_master(state->out))) {
		nta_totals_icmp(NTA_SND, 1);
		return NF_ACCEPT;
	}
	return nta_out_any(NULL, skb, state);
}

/*
 * The socket that a packet is for, as the stack will find it: valid while the
 * packet is when the packet has it already, else referenced.
 */
static struct sock *nta_sk_get(struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	if (nta_sk_is_known(skb, state))
		return skb->sk;
	if (state->pf == NFPROTO_IPV4)
		return nf_sk_lookup_slow_v4(state->net, skb, state->in);
	return nf_sk_lookup_slow_v6(state->net, skb, state->in);
}

static void nta_sk_put(const struct sk_buff *skb, struct sock *sk)
{
	if (sk && sk != skb->sk)
		sock_gen_put(sk);
}

/*
 * A fragment, of IPv6: the first one says to which socket the others belong.
 * They find its entry again, or their packets are those of a socket gone.
 */
static noinline void nta_in_fragment(struct sk_buff *skb,
				     const struct nf_hook_state *state,
				     struct nta_l4 l4)
{
	struct nta_wire wire = nta_wire_plain(skb->len, nta_link_in(state->in));
	enum nta_flow flow = nta_l4_flow(l4);
	struct nta_frag_owner owner = {};
	struct sock *sk, *owned;
	struct nta_wire before;
	struct nta_sock *s;

	if (!l4.first) {
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
		if (l4.protocol == nta_l4_icmp(state->pf))
			nta_totals_icmp(NTA_RCV, 1);
		return;
	}

	sk = nta_sk_get(skb, state);
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
	nta_sk_put(skb, sk);
}

/* Any packet in LOCAL_IN. */
static noinline __noclone unsigned int
nta_in_any(void *unused, struct sk_buff *skb, const struct nf_hook_state *state)
{
	struct nta_l4 l4 = nta_l4_find(skb, state->pf);
	enum nta_flow flow = nta_l4_flow(l4);
	struct nta_wire wire;
	struct sock *sk;

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
	if (nta_frag_is_reassembled(skb, state->pf))
		wire = nta_frag_take(skb, state);
	else
		wire = nta_packet_in(skb, state->in, l4.offset);
	sk = nta_sk_get(skb, state);
	nta_credit(sk, flow, NTA_RCV, wire);
	nta_sk_put(skb, sk);
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
	nta_credit(sk, flow, NTA_RCV,
		   nta_wire_plain(skb->len, nta_link_in(state->in)));
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

static __always_inline unsigned int nta_in(struct sk_buff *skb,
					   const struct nf_hook_state *state,
					   u8 pf, enum nta_flow flow)
{
	if (unlikely(skb_is_gso(skb) || nta_link_is_tunnel(state->in) ||
		     nta_frag_is_reassembled(skb, pf)))
		return nta_in_any(NULL, skb, state);
	if (unlikely(!nta_sk_is_known(skb, state)))
		return pf == NFPROTO_IPV4 ?
			       nta_in_lookup_v4(NULL, skb, state, flow) :
			       nta_in_lookup_v6(NULL, skb, state, flow);
	return nta_credit(skb->sk, flow, NTA_RCV,
			  nta_wire_plain(skb->len, nta_link_in(state->in)));
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
