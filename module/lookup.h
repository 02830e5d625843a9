/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket that a received packet is for, where the packet does not say it
 * yet: what the stack will ask, asked before it. No BPF program runs for that:
 * one that chooses a socket may count, and would choose another one next time.
 */
#ifndef _NTA_LOOKUP_H
#define _NTA_LOOKUP_H

#include <linux/filter.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/sock_reuseport.h>

#include "compat/lookup.h"
#include "group.h"
#include "l4.h"

/**
 * struct nta_ports - the ports of a packet, as they are in it
 * @source: of the sender
 * @dest: of the socket
 */
struct nta_ports {
	__be16 source;
	__be16 dest;
};

/**
 * struct nta_found - the socket of a received packet
 * @sk: the socket, of any kind; NULL when there is none, or nobody can know
 * @counted: it has a reference, for sock_gen_put(); else it is valid until
 *	rcu_read_unlock()
 * @later: a BPF program will choose, perhaps another one
 */
struct nta_found {
	struct sock *sk;
	bool counted;
	bool later;
};

/* IPv4 headers without options begin so. */
#define NTA_LOOKUP_PLAIN_V4	0x45

/*
 * Are @len bytes from the transport header on in the linear part of the packet,
 * where that header is expected?
 */
static __always_inline bool nta_lookup_is_plain(const struct sk_buff *skb, u8 pf,
						u32 len)
{
	if (pf == NFPROTO_IPV6)
		return skb_headlen(skb) >= sizeof(struct ipv6hdr) + len;
	return *skb_network_header(skb) == NTA_LOOKUP_PLAIN_V4 &&
	       skb_headlen(skb) >= sizeof(struct iphdr) + len;
}

/* Of a packet that is plain. */
static __always_inline const struct nta_ports *
nta_lookup_ports(const struct sk_buff *skb, u8 pf)
{
	return (const void *)(skb_network_header(skb) +
			      (pf == NFPROTO_IPV4 ? sizeof(struct iphdr) :
						    sizeof(struct ipv6hdr)));
}

/* The first packet of a connection is for a listener, if for anybody. */
static __always_inline bool nta_lookup_is_syn(const struct nta_ports *ports)
{
	return (tcp_flag_word(ports) & (TCP_FLAG_SYN | TCP_FLAG_ACK)) ==
	       TCP_FLAG_SYN;
}

/* Did it come through a device that belongs to a VRF? The stack then asks for both. */
static __always_inline bool nta_lookup_is_slave(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ? ipv4_l3mdev_skb(IPCB(skb)->flags) :
				    ipv6_l3mdev_skb(IP6CB(skb)->flags);
}

/*
 * The device for which the stack asks, unless that belongs to a VRF: for what
 * came over lo, the one that has the address, or that the sender is bound to.
 */
static __always_inline int nta_lookup_dif(const struct sk_buff *skb, u8 pf)
{
	if (pf == NFPROTO_IPV4)
		return skb_rtable(skb)->rt_iif ?: skb->skb_iif;
	return IP6CB(skb)->iif;
}

/*
 * The namespace of the socket, not always that of the hook: what came through the
 * parent of an ipvlan in mode L3S passes LOCAL_IN there (ipvlan_l3_rcv()).
 */
static inline struct net *nta_lookup_net(const struct sk_buff *skb)
{
	return dev_net(skb_dst(skb)->dev);
}

/* Does a program choose the sockets of packets in this namespace? */
static __always_inline bool nta_lookup_has_program(const struct net *net)
{
	return static_branch_unlikely(&bpf_sk_lookup_enabled) &&
	       rcu_access_pointer(net->bpf.run_array[NETNS_BPF_SK_LOOKUP]);
}

/* The program that chooses one socket of a group; NULL when the hash does. */
static __always_inline const struct bpf_prog *
nta_lookup_group_program(const struct sock *sk)
{
	const struct sock_reuseport *reuse = rcu_dereference(sk->sk_reuseport_cb);

	return reuse ? rcu_dereference(reuse->prog) : NULL;
}

/**
 * nta_lookup_tcp - find the connection of a packet
 * @skb: an unfragmented TCP packet without extension headers, in LOCAL_IN
 * @state: of the hook
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: its socket, of any kind, with a reference for sock_gen_put(); NULL
 * when it is not found so easily.
 */
static __always_inline struct sock *
nta_lookup_tcp(const struct sk_buff *skb, const struct nf_hook_state *state,
	       u8 pf)
{
	const struct nta_ports *ports = nta_lookup_ports(skb, pf);
	int dif;

	if (unlikely(!nta_lookup_is_plain(skb, pf, sizeof(struct tcphdr)) ||
		     nta_lookup_is_syn(ports) || nta_lookup_is_slave(skb, pf)))
		return NULL;
	dif = nta_lookup_dif(skb, pf);
	if (pf == NFPROTO_IPV4)
		return nta_inet_lookup_established(state->net, ip_hdr(skb)->saddr,
						   ports->source,
						   ip_hdr(skb)->daddr,
						   ntohs(ports->dest), dif, 0);
	return nta_inet6_lookup_established(state->net, &ipv6_hdr(skb)->saddr,
					    ports->source,
					    &ipv6_hdr(skb)->daddr,
					    ntohs(ports->dest), dif, 0);
}

/**
 * nta_lookup_udp - find the socket of a datagram
 * @skb: an unfragmented UDP packet without extension headers, in LOCAL_IN
 * @state: of the hook
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: its socket, valid until rcu_read_unlock(); NULL when it is not found
 * so easily.
 */
static __always_inline struct sock *
nta_lookup_udp(const struct sk_buff *skb, const struct nf_hook_state *state,
	       u8 pf)
{
	const struct nta_ports *ports = nta_lookup_ports(skb, pf);
	struct sock *sk;
	int dif;

	if (unlikely(!nta_lookup_is_plain(skb, pf, sizeof(*ports)) ||
		     nta_lookup_is_slave(skb, pf) ||
		     nta_group_is(skb, pf) ||
		     nta_lookup_has_program(state->net)))
		return NULL;
	dif = nta_lookup_dif(skb, pf);
	if (pf == NFPROTO_IPV4)
		sk = nta_udp4_lookup(state->net, ip_hdr(skb)->saddr,
				     ports->source, ip_hdr(skb)->daddr,
				     ports->dest, dif, 0);
	else
		sk = nta_udp6_lookup(state->net, &ipv6_hdr(skb)->saddr,
				     ports->source, &ipv6_hdr(skb)->daddr,
				     ports->dest, dif, 0);
	if (unlikely(sk && nta_lookup_group_program(sk)))
		return NULL;
	return sk;
}

bool nta_lookup_may_ask(const struct bpf_prog *prog);
struct nta_found nta_lookup(struct sk_buff *skb, const struct nf_hook_state *state,
			    struct nta_l4 l4);

int nta_lookup_setup(void);

#endif /* _NTA_LOOKUP_H */
