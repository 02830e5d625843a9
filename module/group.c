// SPDX-License-Identifier: GPL-2.0-only
/*
 * A datagram for a group, or for all, is not looked up: each socket that wants
 * it gets a copy (__udp4_lib_mcast_deliver() and __udp6_lib_mcast_deliver()).
 * Which do is asked of the sockets themselves, for the kernel exports nothing
 * that would tell.
 */
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/udp.h>

#include "compat/group.h"
#include "compat/lookup.h"
#include "group.h"

/* More sockets of a port are not asked. */
#define NTA_GROUP_MOST		256

/**
 * struct nta_heard - a datagram as its receivers see it
 * @skb: the datagram
 * @net: its namespace
 * @sport: port of the sender
 * @dport: its own port
 * @dif: device that it came for
 * @sdif: the one that belongs to the VRF @dif; 0 without
 */
struct nta_heard {
	struct sk_buff *skb;
	struct net *net;
	__be16 sport;
	__be16 dport;
	int dif;
	int sdif;
};

/* Is a sender that a membership names allowed by it, or one that it does not name? */
static bool allowed(unsigned int mode, bool named)
{
	return mode == MCAST_INCLUDE ? named : !named;
}

static bool wants_v4(const struct sock *sk, const struct nta_heard *h)
{
	const struct iphdr *iph = ip_hdr(h->skb);
	const struct ip_sf_socklist *senders;
	const struct ip_mc_socklist *member;
	bool named = false;
	unsigned int i;

	if (!ipv4_is_multicast(iph->daddr))
		return true;
	for (member = rcu_dereference(inet_sk(sk)->mc_list); member;
	     member = rcu_dereference(member->next_rcu)) {
		if (member->multi.imr_multiaddr.s_addr == iph->daddr &&
		    (member->multi.imr_ifindex == h->dif ||
		     (h->sdif && member->multi.imr_ifindex == h->sdif)))
			break;
	}
	if (!member)
		return nta_hears_all_v4(sk);
	senders = rcu_dereference(member->sflist);
	for (i = 0; senders && i < senders->sl_count && !named; i++)
		named = senders->sl_addr[i] == iph->saddr;
	return allowed(member->sfmode, named);
}

static bool wants_v6(const struct sock *sk, const struct nta_heard *h)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(h->skb);
	const struct ipv6_pinfo *np = inet6_sk(sk);
	const struct ip6_sf_socklist *senders;
	const struct ipv6_mc_socklist *member;
	bool named = false;
	unsigned int i;

	if (!np)
		return false;
	for (member = rcu_dereference(np->ipv6_mc_list); member;
	     member = rcu_dereference(member->next)) {
		if (ipv6_addr_equal(&member->addr, &ip6h->daddr))
			break;
	}
	if (!member)
		return nta_hears_all_v6(sk, np);
	senders = nta_group_senders_v6(member);
	for (i = 0; senders && i < senders->sl_count && !named; i++)
		named = ipv6_addr_equal(&senders->sl_addr[i], &ip6h->saddr);
	return allowed(member->sfmode, named);
}

static bool matches_v4(const struct sock *sk, const struct nta_heard *h)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct iphdr *iph = ip_hdr(h->skb);

	return (!inet->inet_daddr || inet->inet_daddr == iph->saddr) &&
	       (!inet->inet_rcv_saddr || inet->inet_rcv_saddr == iph->daddr) &&
	       !ipv6_only_sock(sk) && wants_v4(sk, h);
}

static bool matches_v6(const struct sock *sk, const struct nta_heard *h)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(h->skb);

	if (sk->sk_family != AF_INET6)
		return false;
	return (ipv6_addr_any(&sk->sk_v6_daddr) ||
		ipv6_addr_equal(&sk->sk_v6_daddr, &ip6h->saddr)) &&
	       (ipv6_addr_any(&sk->sk_v6_rcv_saddr) ||
		ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &ip6h->daddr)) &&
	       wants_v6(sk, h);
}

/**
 * nta_group_find - find a socket that gets a datagram for a group
 * @skb: the datagram, in LOCAL_IN, for which nta_group_is()
 * @state: of the hook
 * @sport: port of its sender
 * @dport: its own port
 * @found: receives false when there are too many sockets to tell
 *
 * The first is taken, as the stack goes through them.
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: the socket, valid until rcu_read_unlock(), or NULL.
 */
struct sock *nta_group_find(struct sk_buff *skb,
			    const struct nf_hook_state *state, __be16 sport,
			    __be16 dport, bool *found)
{
	bool v4 = state->pf == NFPROTO_IPV4;
	struct nta_heard h = {
		.skb = skb,
		.net = state->net,
		.sport = sport,
		.dport = dport,
		.dif = v4 ? skb->dev->ifindex : inet6_iif(skb),
		.sdif = v4 ? inet_sdif(skb) : inet6_sdif(skb),
	};
	struct udp_hslot *slot = udp_hashslot(nta_udp_table(h.net), h.net,
					      ntohs(dport));
	unsigned int most = NTA_GROUP_MOST;
	const struct inet_sock *inet;
	struct sock *sk;

	*found = true;
	sk_for_each_rcu(sk, &slot->head) {
		inet = inet_sk(sk);
		if (!most--) {
			*found = false;
			break;
		}
		if (!net_eq(sock_net(sk), h.net) ||
		    udp_sk(sk)->udp_port_hash != ntohs(dport) ||
		    (inet->inet_dport && inet->inet_dport != sport) ||
		    !udp_sk_bound_dev_eq(h.net, READ_ONCE(sk->sk_bound_dev_if),
					 h.dif, h.sdif))
			continue;
		if (v4 ? matches_v4(sk, &h) : matches_v6(sk, &h))
			return sk;
	}
	return NULL;
}
