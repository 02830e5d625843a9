// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads from a packet of the stack what the arithmetic of wire.c needs.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>

#include "packet.h"

/* The hop-by-hop header with nothing but a jumbo payload option. */
#define JUMBO_HEADER	8

/*
 * IPv6 packets above 64 KB bear a jumbo option on their way through the stack
 * (Linux 5.19 to 6.18); segmentation takes it off.
 */
static bool has_jumbo_header(const struct sk_buff *skb)
{
	struct {
		struct ipv6hdr ip;
		struct ipv6_opt_hdr hop;
		u8 option;
	} __packed buf;
	const typeof(buf) *h;

	if (skb->len <= IPV6_MAXPLEN || skb->protocol != htons(ETH_P_IPV6))
		return false;
	h = skb_header_pointer(skb, 0, sizeof(buf), &buf);
	return h && h->ip.nexthdr == NEXTHDR_HOP && !h->hop.hdrlen &&
	       h->option == IPV6_TLV_JUMBO;
}

static unsigned int tcp_header(const struct sk_buff *skb, unsigned int offset)
{
	struct tcphdr buf;
	const struct tcphdr *th = skb_header_pointer(skb, offset, sizeof(buf), &buf);

	return th ? th->doff * 4 : sizeof(buf);
}

/**
 * nta_packet_gso - read what the segments of a packet are
 * @skb: a packet of several segments
 * @transport: offset of the transport header
 * @gso: receives it
 */
void nta_packet_gso(struct sk_buff *skb, unsigned int transport,
		    struct nta_wire_gso *gso)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	/* The segments of a tunnel's packet repeat all headers up to the
	 * innermost.
	 */
	if (skb->encapsulation &&
	    skb_inner_transport_offset(skb) > (int)transport &&
	    skb_inner_transport_offset(skb) < (int)skb->len)
		transport = skb_inner_transport_offset(skb);

	gso->len = skb->len;
	gso->headers = transport;
	gso->size = info->gso_size;
	gso->segs = info->gso_segs;
	if (info->gso_type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6))
		gso->headers += tcp_header(skb, transport);
	else
		gso->headers += sizeof(struct udphdr);
	if (has_jumbo_header(skb)) {
		gso->len -= JUMBO_HEADER;
		gso->headers -= JUMBO_HEADER;
	}
}

/**
 * nta_packet_stays - is the packet for this host?
 * @skb: the packet, in LOCAL_OUT
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
bool nta_packet_stays(const struct sk_buff *skb, u8 pf)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (pf == NFPROTO_IPV4)
		return container_of(dst, struct rtable, dst)->rt_flags & RTCF_LOCAL;
	return container_of(dst, struct rt6_info, dst)->rt6i_flags & RTF_LOCAL;
}

/* The part of the network header that each fragment repeats; 0 if unclear. */
static u32 fragment_header(struct sk_buff *skb, u8 pf)
{
	int header;
	u8 *next;

	if (pf == NFPROTO_IPV4)
		return ip_hdrlen(skb);
	header = ip6_find_1stfragopt(skb, &next);
	return max(header, 0);
}

/**
 * nta_packet_in - what a received packet was on the wire
 * @skb: the packet, in LOCAL_IN; not one that was reassembled from fragments
 * @dev: interface through which it came
 * @transport: offset of the transport header
 *
 * Return: what the interface counted.
 */
struct nta_wire nta_packet_in(struct sk_buff *skb, const struct net_device *dev,
			      unsigned int transport)
{
	const struct nta_wire_link link = nta_link_in(skb, dev);
	struct nta_wire_gso gso;

	if (!skb_is_gso(skb) || nta_link_is_loopback(dev))
		return nta_wire_one(skb->len, &link);

	/* A guest's datagram, that its host would have had to fragment. */
	if (skb_shinfo(skb)->gso_type & SKB_GSO_UDP) {
		struct nta_wire_path path = {
			.ipv6 = skb->protocol == htons(ETH_P_IPV6),
			.header = transport,
			.link = link,
		};

		path.mtu = transport + skb_shinfo(skb)->gso_size +
			   (path.ipv6 ? NTA_WIRE_FRAGMENT_HEADER : 0);
		return nta_wire_fragments(skb->len, &path);
	}

	nta_packet_gso(skb, transport, &gso);
	return nta_wire_segments(&gso, &link);
}

/*
 * A socket cuts its datagram while it copies it, or brought the fragments of which
 * that was put together, and ip_do_fragment() and ip6_fragment() keep this when it
 * fits. IPv6 sockets cut the last fragment shorter than ip6_fragment() does. Returns
 * the number of fragments, 0 when the datagram will be cut anew, and what each but
 * the last has of it.
 */
static u32 count_cut(struct sk_buff *skb, const struct nta_wire_path *path, u32 *each)
{
	u32 first = skb_pagelen(skb) - path->header;
	const struct sk_buff *frag;
	u32 room = path->mtu - path->header;
	u32 count = 1;

	if (path->ipv6)
		room -= NTA_WIRE_FRAGMENT_HEADER;
	if (!skb_has_frag_list(skb) || skb_cloned(skb) || first > room || first & 7)
		return 0;
	skb_walk_frags(skb, frag) {
		if (frag->len > room || (frag->len & 7 && frag->next))
			return 0;
		count++;
	}
	*each = first;
	return count;
}

static u32 read_mtu(struct sk_buff *skb, const struct nf_hook_state *state)
{
	return state->pf == NFPROTO_IPV4 ? ip_skb_dst_mtu(state->sk, skb) :
					   ip6_skb_dst_mtu(skb);
}

/*
 * IPV6_MTU makes the fragments of a socket smaller, but only what exceeds the
 * path is fragmented. What connection tracking has put together from fragments is cut
 * again into none that are larger.
 */
static u32 fragment_mtu(const struct sk_buff *skb, u32 mtu, u8 pf)
{
	u32 largest = nta_packet_fragment_max(skb, pf);
	const struct ipv6_pinfo *np;
	u32 limit;

	if (largest)
		return min(largest, mtu);
	if (pf == NFPROTO_IPV4 || !skb->sk || dev_recursion_level())
		return mtu;
	np = inet6_sk(skb->sk);
	limit = np ? READ_ONCE(np->frag_size) : 0;
	return limit ? min(limit, mtu) : mtu;
}

static void read_path(struct sk_buff *skb, const struct nf_hook_state *state, u32 mtu,
		      const struct nta_wire_link *link, struct nta_wire_path *path)
{
	path->ipv6 = state->pf == NFPROTO_IPV6;
	path->header = fragment_header(skb, state->pf);
	path->mtu = fragment_mtu(skb, mtu, state->pf);
	path->link = *link;
	path->whole = !skb->ignore_df &&
		      (path->ipv6 || ip_hdr(skb)->frag_off & htons(IP_DF));
}

/**
 * nta_packet_out - what a packet will be on the wire
 * @skb: the packet, in LOCAL_OUT
 * @state: of the hook
 * @transport: offset of the transport header
 *
 * The interface is that of the packet's route, which rules for OUTPUT may have
 * changed since the hook's state was made.
 *
 * Return: what the interface will count; nothing when the packet does not fit
 * its path and must not be fragmented, so that the stack will drop it.
 */
struct nta_wire nta_packet_out(struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       unsigned int transport)
{
	const struct net_device *dev = skb_dst(skb)->dev;
	const struct nta_wire_link link = nta_link_out(skb, dev);
	u32 mtu = read_mtu(skb, state);
	struct nta_wire_path path;
	struct nta_wire_gso gso;
	u32 count, each = 0;

	if (!skb_is_gso(skb)) {
		if (skb->len <= mtu && !nta_packet_fragment_max(skb, state->pf))
			return nta_wire_one(skb->len, &link);
		read_path(skb, state, mtu, &link, &path);
		count = path.whole ? 0 : count_cut(skb, &path, &each);
		if (count)
			return nta_wire_cut(skb->len, count, each, &path);
		return nta_wire_fragments(skb->len, &path);
	}

	if (nta_link_is_loopback(dev) && nta_packet_is_whole(skb, dev))
		return nta_wire_one(skb->len, &link);
	nta_packet_gso(skb, transport, &gso);
	if (gso.headers + gso.size <= mtu)
		return nta_wire_segments(&gso, &link);
	read_path(skb, state, mtu, &link, &path);
	return nta_wire_send(&gso, &path);
}

/**
 * nta_packet_fragmentable - the part of a datagram that is cut into fragments
 * @skb: the datagram
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: bytes after the headers that each fragment repeats.
 */
u32 nta_packet_fragmentable(struct sk_buff *skb, u8 pf)
{
	return skb->len - fragment_header(skb, pf);
}

/**
 * nta_packet_reassembled - what a reassembled datagram was on the wire, guessed
 * @skb: the datagram, in LOCAL_IN
 * @dev: interface through which it came
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Only the size of the largest fragment is left. Exact for a datagram that was
 * cut once, for one MTU, and of which every fragment came once.
 *
 * Return: what the interface counted.
 */
struct nta_wire nta_packet_reassembled(struct sk_buff *skb,
				       const struct net_device *dev, u8 pf)
{
	struct nta_wire_path path = {
		.ipv6 = pf == NFPROTO_IPV6,
		.header = fragment_header(skb, pf),
		.link = nta_link_in(skb, dev),
	};

	path.mtu = nta_packet_fragment_max(skb, pf);
	return nta_wire_reassembled(skb->len, &path);
}
