/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket that a received packet is for, where the packet does not say it
 * yet: the stack's own look-up, repeated.
 */
#ifndef _NTA_LOOKUP_H
#define _NTA_LOOKUP_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "compat/lookup.h"

struct nta_ports {
	__be16 source;
	__be16 dest;
};

/* NULL unless @len bytes from them on are in the linear part of the packet. */
static __always_inline const struct nta_ports *
nta_lookup_ports(const struct sk_buff *skb, u8 pf, u32 len)
{
	u32 offset = pf == NFPROTO_IPV4 ? ip_hdr(skb)->ihl * 4 :
					  sizeof(struct ipv6hdr);

	if (unlikely(skb_headlen(skb) < offset + len))
		return NULL;
	return (const void *)(skb_network_header(skb) + offset);
}

/* The first packet of a connection is for a listener, if for anybody. */
static __always_inline bool nta_lookup_is_syn(const struct nta_ports *ports)
{
	return (tcp_flag_word(ports) & (TCP_FLAG_SYN | TCP_FLAG_ACK)) ==
	       TCP_FLAG_SYN;
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
	const struct nta_ports *ports =
		nta_lookup_ports(skb, pf, sizeof(struct tcphdr));
	int dif = state->in->ifindex;

	if (unlikely(!ports || nta_lookup_is_syn(ports)))
		return NULL;
	if (pf == NFPROTO_IPV4)
		return nta_inet_lookup_established(state->net, ip_hdr(skb)->saddr,
						   ports->source,
						   ip_hdr(skb)->daddr,
						   ntohs(ports->dest), dif);
	return nta_inet6_lookup_established(state->net, &ipv6_hdr(skb)->saddr,
					    ports->source,
					    &ipv6_hdr(skb)->daddr,
					    ntohs(ports->dest), dif);
}

/**
 * nta_lookup_udp - find the socket of a datagram
 * @skb: an unfragmented UDP packet without extension headers, in LOCAL_IN
 * @state: of the hook
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: its socket, valid until rcu_read_unlock(), or NULL.
 */
static __always_inline struct sock *
nta_lookup_udp(const struct sk_buff *skb, const struct nf_hook_state *state,
	       u8 pf)
{
	const struct nta_ports *ports =
		nta_lookup_ports(skb, pf, sizeof(struct nta_ports));
	int dif = state->in->ifindex;

	if (unlikely(!ports))
		return NULL;
	if (pf == NFPROTO_IPV4)
		return nta_udp4_lookup(state->net, ip_hdr(skb)->saddr,
				       ports->source, ip_hdr(skb)->daddr,
				       ports->dest, dif);
	return nta_udp6_lookup(state->net, &ipv6_hdr(skb)->saddr, ports->source,
			       &ipv6_hdr(skb)->daddr, ports->dest, dif);
}

#endif /* _NTA_LOOKUP_H */
