// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds the transport header of any packet.
 */
#include <net/ipv6.h>

#include "l4.h"

static struct nta_l4 find_v4(const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);

	return (struct nta_l4) {
		.offset = iph->ihl * 4,
		.protocol = iph->protocol,
		.fragment = iph->frag_off & htons(IP_MF | IP_OFFSET),
		.first = !(iph->frag_off & htons(IP_OFFSET)),
	};
}

/* What a fragment says that does not have the headers that it names. */
static u16 protocol_of_rest(const struct sk_buff *skb, int offset)
{
	const struct frag_hdr *fh;
	struct frag_hdr buf;

	fh = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	return fh ? fh->nexthdr : IPPROTO_MAX;
}

/* IPsec has yet to take a header off, and then the packet passes once more. */
static bool is_authenticated(const struct sk_buff *skb)
{
	unsigned int offset = 0;

	return ipv6_hdr(skb)->nexthdr != NEXTHDR_TCP &&
	       ipv6_find_hdr(skb, &offset, NEXTHDR_AUTH, NULL, NULL) == NEXTHDR_AUTH;
}

/**
 * nta_l4_find - find the transport header of a packet
 * @skb: the packet, in LOCAL_IN or LOCAL_OUT
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: what is known of it; nothing of the packet behind it was looked at.
 */
struct nta_l4 nta_l4_find(const struct sk_buff *skb, u8 pf)
{
	__be16 frag_off = 0;
	struct nta_l4 l4;
	u8 nexthdr;
	int offset;

	if (pf == NFPROTO_IPV4)
		return find_v4(skb);

	nexthdr = ipv6_hdr(skb)->nexthdr;
	offset = ipv6_skip_exthdr(skb, sizeof(struct ipv6hdr), &nexthdr,
				  &frag_off);
	l4.offset = offset;
	l4.fragment = frag_off != 0;
	l4.first = !(frag_off & htons(IP6_OFFSET));
	if (is_authenticated(skb))
		l4.protocol = IPPROTO_AH;
	else if (!l4.first)
		l4.protocol = protocol_of_rest(skb, offset);
	else
		l4.protocol = offset < 0 ? IPPROTO_MAX : nexthdr;
	return l4;
}
