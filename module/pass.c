// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule: what one interface carries counts once, as it carries it. A route with
 * a transformation says that the packet comes again; then its socket, not the
 * packet, says which protocol the program used.
 */
#include <linux/netdevice.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>

#include "packet.h"
#include "pass.h"
#include "sock.h"

/*
 * Was the packet that is in this one counted for an interface of IPsec? Those
 * transform what they are given to transmit, for the socket that it came with.
 */
static bool is_of_interface(const struct sk_buff *skb, const struct sock *sk,
			    const struct nf_hook_state *state)
{
	if (!state->sk || skb->sk != sk)
		return false;
	/* What was encrypted later is sent by nobody any more, but the state is known. */
	if (!dev_recursion_level())
		return nta_ipsec_is_of_interface(skb, state);
	return !netif_is_l3_slave(skb_dst(skb)->dev);
}

/*
 * Does a packet leave the parent of an ipvlan that has counted it? That routes it
 * in the parent's namespace, as a packet of the parent (ipvlan_process_outbound()).
 * A new packet has no device yet.
 */
static bool is_of_ipvlan(const struct sk_buff *skb)
{
	struct net_device *upper;
	struct list_head *next;

	if (likely(!skb->dev))
		return false;
	netdev_for_each_upper_dev_rcu(skb->dev, upper, next)
		if (nta_link_is_kind(upper, "ipvlan") ||
		    nta_link_is_kind(upper, "ipvtap"))
			return true;
	return false;
}

/* Has IPVS chosen where the packet goes? It sends that on, perhaps without socket. */
static bool is_of_ipvs(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IP_VS)
	return skb->ipvs_property;
#else
	return false;
#endif
}

/*
 * Does a packet without socket carry another one, which is behind its headers? So
 * do those of FOU and GUE, which have a socket to receive alone.
 */
static bool is_of_tunnel(const struct sk_buff *skb)
{
	return skb_inner_network_offset(skb) > 0;
}

/**
 * nta_pass_sk - the socket that sends a packet
 * @skb: the packet, in LOCAL_OUT
 * @state: of the hook
 *
 * Return: the socket, of any kind; NULL when it has none.
 */
struct sock *nta_pass_sk(const struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	struct sock *sk = state->sk;

	/*
	 * The answer to a SYN is its request's, if for IPv6 the hook names the
	 * listener. A SYN cookie has none.
	 */
	if (sk)
		return sk->sk_state == TCP_LISTEN ? skb->sk : sk;
	if (is_of_ipvs(skb) && skb->sk && net_eq(sock_net(skb->sk), state->net))
		return skb->sk;
	return NULL;
}

/**
 * nta_pass_out - which passing of LOCAL_OUT is this?
 * @skb: the packet, in LOCAL_OUT
 * @sk: its socket, see nta_pass_sk()
 * @state: of the hook
 */
enum nta_pass nta_pass_out(const struct sk_buff *skb, const struct sock *sk,
			   const struct nf_hook_state *state)
{
	if (nta_packet_out_again(skb, state))
		return NTA_PASS_AGAIN;
	if (!state->sk && is_of_ipvlan(skb))
		return NTA_PASS_NOT;
	/* IPVS sends on what others sent, too. What came by no interface is new. */
	if (!state->sk && !sk && skb->skb_iif && is_of_ipvs(skb))
		return NTA_PASS_NOT;
	if (dst_xfrm(skb_dst(skb)))
		return NTA_PASS_EARLY;
	if (nta_ipsec_is_out(skb, state->pf)) {
		/* Forwarded, or a tunnel's that has no socket. */
		if (!state->sk && !sk)
			return NTA_PASS_NOT;
		return is_of_interface(skb, sk, state) ? NTA_PASS_OUTER : NTA_PASS_LAST;
	}
	if (!sk)
		return is_of_tunnel(skb) ? NTA_PASS_OUTER : NTA_PASS_COUNTS;
	return is_of_ipvs(skb) ? NTA_PASS_LAST : NTA_PASS_COUNTS;
}

/*
 * What a raw socket sends whose packets bring their own header: they were seen before they
 * were transformed, by which the socket has got an entry.
 */
static enum nta_flow flow_of_raw(const struct sock *sk)
{
	static const enum nta_flow flows[] = { NTA_UDP_SND, NTA_TCP_SND };
	u64 cookie = nta_sock_cookie(sk);
	int i;

	for (i = 0; i < ARRAY_SIZE(flows); i++)
		if (nta_sock_find(nta_sock_key(cookie, flows[i])))
			return flows[i];
	return NTA_FLOWS;
}

/**
 * nta_pass_flow - what a transformed packet counts for
 * @sk: its socket, of any kind; NULL when it has none
 *
 * Of a raw socket that brings its own headers, of both protocols, all is UDP.
 *
 * Context: under rcu_read_lock().
 * Return: NTA_TCP_SND or NTA_UDP_SND; NTA_FLOWS for all that is not accounted.
 */
enum nta_flow nta_pass_flow(const struct sock *sk)
{
	/* Requests and what is in TIME_WAIT have no field for it, SYN cookies none. */
	if (!sk || !sk_fullsock(sk) || sk->sk_protocol == IPPROTO_TCP)
		return NTA_TCP_SND;
	if (sk->sk_protocol == IPPROTO_UDP)
		return NTA_UDP_SND;
	return sk->sk_protocol == IPPROTO_RAW ? flow_of_raw(sk) : NTA_FLOWS;
}
