// SPDX-License-Identifier: GPL-2.0-only
/*
 * Crediting a packet: from its socket to the entry of that, or to a class.
 */
#include <linux/netfilter.h>
#include <linux/sched.h>
#include <net/inet_sock.h>

#include "cgroup.h"
#include "choice.h"
#include "closing.h"
#include "credit.h"
#include "handed.h"
#include "ipsec.h"
#include "l4.h"
#include "owner.h"
#include "sender.h"
#include "unowned.h"
#include "visible.h"

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
	if (nta_sk_visible(sk) != sk || nta_sk_is_subflow(sk) ||
	    nta_sk_has_file_of_other(sk))
		return NTA_CLASSES;
	return NTA_KERNEL;
}

/* The first packet of a socket: make its entry, for who claims it by the packet. */
static struct nta_sock *nta_sock_first(const struct sock *sk, u64 key,
				       enum nta_claim claim, bool sent,
				       enum nta_class *class)
{
	enum nta_handed handed = nta_handed(sk, sent);
	struct nta_sock *s;
	bool added;

	*class = NTA_GONE;
	if (sock_flag(sk, SOCK_DEAD) && handed != NTA_HANDED_SURE)
		return NULL;
	*class = NTA_OVERFLOW;
	local_bh_disable();
	s = nta_sock_add(sk, key, &added);
	if (added) {
		if (!claim || handed == NTA_HANDED_SURE)
			nta_owner_park(s, sk, handed);
		else if (!nta_owner_claim_new(s, current, claim))
			s = NULL;
	}
	local_bh_enable();
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
	before = nta_sock_find(nta_sock_key_subflow(nta_sock_cookie(sk), NTA_TCP_SND));
	if (before && before != s)
		nta_owner_share(before, s);
}

/*
 * What a packet that leaves a known socket makes of the current task. One that only
 * closes a socket of the kernel's, as by unmounting a file system, is not its owner.
 */
static enum nta_claim nta_sk_claim(struct nta_sock *s, struct sock *sk,
				   const struct sk_buff *skb,
				   const struct nf_hook_state *state)
{
	enum nta_claim claim;

	if (READ_ONCE(s->handed) == NTA_HANDED_SURE)
		return NTA_CLAIM_NONE;
	nta_owner_hand(s, nta_handed(sk, true));
	claim = nta_sender_claim(sk, skb, state);
	if (claim == NTA_CLAIM_GUESS && READ_ONCE(s->handed))
		return NTA_CLAIM_NONE;
	return claim;
}

/**
 * nta_credit_owner - who is to be credited with what follows a packet
 * @sk: the packet's socket, of any kind; NULL when it has none
 * @flow: as of nta_credit()
 * @owner: receives the socket's key, or the class of all that has none
 */
void nta_credit_owner(struct sock *sk, enum nta_flow flow,
		      struct nta_frag_owner *owner)
{
	const struct sock *owned = nta_sk_owned(sk, &owner->class);

	owner->key = 0;
	if (!owned)
		return;
	owner->key = nta_sk_key(owned, flow);
	owner->class = NTA_GONE;
}

/**
 * nta_credit_claim - count a packet that leaves a socket of another task
 * @s: the entry of the socket
 * @skb: the packet
 * @state: of the hook
 * @flow: as of nta_credit(), of the scope of @s
 * @packets: what the packet is on the wire
 * @bytes: the same
 *
 * This and nta_credit_any() return the hook's verdict, to be the last that the
 * packet path calls; for a struct as argument it would need a stack frame.
 *
 * Return: the hook's verdict.
 */
unsigned int nta_credit_claim(struct nta_sock *s, const struct sk_buff *skb,
			      const struct nf_hook_state *state,
			      enum nta_flow flow, u64 packets, u64 bytes)
{
	enum nta_claim claim = NTA_CLAIM_GUESS;

	if (sk_fullsock(state->sk))
		claim = nta_sk_claim(s, state->sk, skb, state);
	if (claim <= READ_ONCE(s->claim) && claim != NTA_CLAIM_SEND)
		nta_sock_count(s, NTA_SND, packets, bytes);
	else if (nta_owner_claim(s, current, claim))
		nta_sock_count(s, NTA_SND, packets, bytes);
	else
		nta_totals_class(NTA_OVERFLOW, flow + NTA_SND, packets, bytes);
	return NF_ACCEPT;
}

static enum nta_dir nta_credit_dir(const struct nf_hook_state *state)
{
	return state && state->hook == NF_INET_LOCAL_OUT ? NTA_SND : NTA_RCV;
}

/* Is nothing to be allocated to count a packet of a socket with this entry? */
static bool nta_credit_in_nmi(const struct nta_sock *s, enum nta_flow flow)
{
	return s && (READ_ONCE(s->other) ||
		     (READ_ONCE(s->key) & NTA_KEY_SCOPE) == (flow & NTA_LOOPBACK));
}

/*
 * Move a packet to the socket that has been chosen for it: nta_choice_fn. In a
 * breakpoint, which counts as an NMI, no lock may be taken that a new entry needs.
 */
static void nta_credit_chosen(struct sock *sk, enum nta_flow flow,
			      struct nta_wire wire)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	if (in_nmi() && !nta_credit_in_nmi(nta_sock_find(nta_sock_key(cookie, flow)), flow))
		return;
	nta_totals_class(NTA_NOSOCKET, flow + NTA_RCV, -wire.packets, -wire.bytes);
	nta_credit_any(sk, NULL, NULL, flow, wire.packets, wire.bytes);
}

/* The answer to a SYN: if a program chose its listener, the SYN is for that one. */
static void nta_credit_syn(struct sock *sk)
{
	struct nta_ports ports = { sk->sk_dport, htons(sk->sk_num) };
	enum nta_flow flow = NTA_TCP_SND;
	struct nta_wire wire;

	if (nta_choice_take(sk, ports, &flow, &wire))
		nta_credit_chosen(sk, flow, wire);
}

/*
 * A datagram for the socket of an IKE daemon that is not its own: count the packet
 * that is in it instead, when that comes.
 */
static bool nta_credit_esp(const struct sock *sk, const struct sk_buff *skb,
			   const struct nf_hook_state *state, enum nta_flow flow,
			   u64 packets, u64 bytes)
{
	enum nta_class class;
	unsigned int offset;

	if (!sk_fullsock(sk) || !nta_sock_is_ike(sk))
		return false;
	offset = nta_l4_find(skb, state->pf).offset;
	if (!nta_ipsec_is_in_udp(sk, skb, offset))
		return false;
	class = nta_ipsec_class(skb, state, offset);
	if (class == NTA_CLASSES)
		nta_totals_all(flow + NTA_RCV, -packets, -bytes);
	else
		nta_totals_class(class, flow + NTA_RCV, packets, bytes);
	return true;
}

/*
 * Count a packet of class @class, which no task owns; @sk is its socket, if it has one of
 * which something is known. What a socket sends whose process is gone is also that of
 * the cgroup in which it was made.
 */
static void nta_credit_class(const struct sock *sk, enum nta_class class,
			     enum nta_flow flow, u64 packets, u64 bytes)
{
	const struct nta_count count = { packets, bytes };
	struct nta_cgroup *group;

	if (!sk || class != NTA_GONE || in_nmi()) {
		nta_totals_class_alone(class, flow, packets, bytes);
		return;
	}
	if (nta_closing_any())
		nta_closing_count(nta_sk_key(sk, flow - flow % NTA_DIRS), flow, &count);
	group = nta_cgroup_of_sock(sk);
	local_bh_disable();
	nta_cgroup_add_gone(group, flow, &count);
	local_bh_enable();
	nta_cgroup_put(group);
}

/**
 * nta_credit_any - count any packet that is in the total
 * @sk: its socket, of any kind; NULL when it has none
 * @skb: the packet
 * @state: of the hook; NULL for a packet that came before
 * @flow: as of nta_credit()
 * @packets: what the packet is on the wire
 * @bytes: the same
 *
 * Return: the hook's verdict.
 */
unsigned int nta_credit_any(struct sock *sk, const struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    enum nta_flow flow, u64 packets, u64 bytes)
{
	enum nta_dir dir = nta_credit_dir(state);
	enum nta_claim claim = NTA_CLAIM_NONE;
	enum nta_class class;
	struct nta_sock *s;
	u64 key;

	if (unlikely(nta_flow_is_udp(flow) && dir == NTA_RCV && sk && state &&
		     nta_credit_esp(sk, skb, state, flow, packets, bytes)))
		return NF_ACCEPT;
	if (!nta_flow_is_udp(flow) && dir == NTA_SND && sk &&
	    1 << sk->sk_state & (TCPF_NEW_SYN_RECV | TCPF_SYN_RECV))
		nta_credit_syn(sk);
	sk = nta_sk_owned(sk, &class);
	if (!sk)
		goto unowned;

	key = nta_sk_key(sk, flow);
	s = nta_sock_find(key);
	if (dir == NTA_SND && (!s || READ_ONCE(s->pid) != task_pid(current)) &&
	    nta_sender_is_any())
		claim = s ? nta_sk_claim(s, sk, skb, state) :
			    nta_sender_claim(sk, skb, state);
	if (!s) {
		s = nta_sock_first(sk, key, claim, dir == NTA_SND, &class);
		if (!s)
			goto unowned;
	} else if (claim && !nta_owner_claim(s, current, claim)) {
		class = NTA_OVERFLOW;
		goto unowned;
	}
	class = NTA_OVERFLOW;
	if (!nta_sock_count_any(s, flow + dir, packets, bytes))
		goto unowned;
	if (nta_sk_is_subflow(sk))
		nta_subflow_join(sk, s);
	return NF_ACCEPT;

unowned:
	nta_credit_class(sk, class, flow + dir, packets, bytes);
	return NF_ACCEPT;
}

/**
 * nta_credit_setup - credit packets for which a program chooses the socket
 */
void nta_credit_setup(void)
{
	nta_choice_setup(nta_credit_chosen);
}
