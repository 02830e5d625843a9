// SPDX-License-Identifier: GPL-2.0-only
/*
 * What IPsec adds to a packet. By LOCAL_IN the outer packet is gone, and what is
 * left are the transformations that were taken back: each says how much it had
 * added, provided that the peer padded no more than it had to. Where the outer
 * packet was reassembled from fragments, frag.c has what those were.
 */
#include <crypto/aead.h>
#include <linux/udp.h>
#include <net/esp.h>

#include "frag.h"
#include "ipsec.h"
#include "link.h"
#include "packet.h"
#include "sock.h"

/* Length of the padding, and the protocol of what is inside. */
#define ESP_TRAILER	2

/**
 * nta_ipsec_is_protocol - is this protocol one of IPsec's?
 * @protocol: IPPROTO_*
 */
bool nta_ipsec_is_protocol(u16 protocol)
{
	return protocol == IPPROTO_ESP || protocol == IPPROTO_AH ||
	       protocol == IPPROTO_COMP;
}

#ifdef CONFIG_XFRM

/* Packets that come through one of these are counted as it does, not by the
 * outer packet.
 */
static bool is_interface(const struct net_device *dev)
{
	return nta_link_is_kind(dev, "xfrm") || nta_link_is_kind(dev, "vti") ||
	       nta_link_is_kind(dev, "vti6");
}

static u32 ip_header_of(const struct xfrm_state *x)
{
	return x->props.family == AF_INET ? sizeof(struct iphdr) :
					    sizeof(struct ipv6hdr);
}

/* As esp_output() and esp6_output() pad. */
static u32 esp_filled(struct crypto_aead *aead, u32 body)
{
	u32 unit = ALIGN(crypto_aead_blocksize(aead), 4);

	return ALIGN(body + ESP_TRAILER, unit);
}

static u32 esp_header(struct crypto_aead *aead)
{
	return sizeof(struct ip_esp_hdr) + crypto_aead_ivsize(aead);
}

/* A packet with all that comes behind what is encrypted, from @clear on. */
static u32 with_trailer(struct crypto_aead *aead, u32 len, u32 clear)
{
	clear = min(len, clear);
	return clear + esp_filled(aead, len - clear) + crypto_aead_authsize(aead);
}

static u32 encapsulation(const struct xfrm_state *x)
{
	const struct xfrm_encap_tmpl *encap = x->encap;

	return encap ? sizeof(struct udphdr) : 0;
}

/* Bytes behind the outer network header, of @body bytes that were transformed. */
static u32 transformed(const struct xfrm_state *x, u32 body)
{
	struct crypto_aead *aead = x->data;

	switch (x->id.proto) {
	case IPPROTO_ESP:
		if (!aead)
			return body;
		return encapsulation(x) + esp_header(aead) +
		       esp_filled(aead, body) + crypto_aead_authsize(aead);
	case IPPROTO_AH:
		if (x->props.mode == XFRM_MODE_TUNNEL)
			body -= ip_header_of(x);
		return body + x->props.header_len;
	default:
		return body;
	}
}

/*
 * Length of the packet of which @x made one of @len bytes; @header are those of
 * it that stay before what is transformed, and then those of the outer one.
 */
static u32 before_input(const struct xfrm_state *x, u32 len, u32 *header)
{
	u32 body = len;

	if (x->props.mode != XFRM_MODE_TUNNEL)
		body -= min(len, *header);
	if (x->props.mode != XFRM_MODE_TRANSPORT)
		*header = ip_header_of(x);
	return *header + transformed(x, body);
}

/*
 * Length of the packet that came, of one of @len bytes that was in it; 0 when
 * that came in the stream of a connection.
 */
static u32 outer_len(const struct sk_buff *skb, u32 len, u32 *header)
{
	const struct sec_path *sp = skb_sec_path(skb);
	const struct xfrm_state *x;
	int i;

	if (!sp)
		return len;
	for (i = sp->len - 1; i >= 0; i--) {
		x = sp->xvec[i];
		if (x->encap && x->encap->encap_type == TCP_ENCAP_ESPINTCP)
			return 0;
		len = before_input(x, len, header);
	}
	return len;
}

/**
 * nta_ipsec_one - what a packet was on the wire, be it out of another one
 * @skb: the packet, in LOCAL_IN or on its way there
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @dev: interface through which it came
 * @len: bytes from the network header on
 *
 * Return: what the interface counted.
 */
struct nta_wire nta_ipsec_one(const struct sk_buff *skb, u8 pf,
			      const struct net_device *dev, u32 len)
{
	const struct nta_wire_link link = nta_link_in(skb, dev);
	u32 header = pf == NFPROTO_IPV4 ? ip_hdrlen(skb) : sizeof(struct ipv6hdr);

	if (unlikely(nta_ipsec_is_in(skb)) && !is_interface(dev))
		len = outer_len(skb, len, &header);
	return nta_wire_one(len, &link);
}

/**
 * struct segments - the packets that a packet of several segments is
 * @count: how many, at least one
 * @each: bytes that each but the last has, from the network header on
 * @last: bytes of the last
 */
struct segments {
	u32 count;
	u32 each;
	u32 last;
};

static struct segments segments_of(struct sk_buff *skb, unsigned int transport)
{
	struct segments segments = { 1, skb->len, skb->len };
	struct nta_wire_gso gso;
	u32 payload, before;

	if (!skb_is_gso(skb))
		return segments;
	nta_packet_gso(skb, transport, &gso);
	payload = gso.len - min(gso.len, gso.headers);
	segments.count = gso.segs ?: max(DIV_ROUND_UP(payload, gso.size), 1U);
	before = (segments.count - 1) * gso.size;
	segments.each = gso.headers + gso.size;
	segments.last = gso.headers + payload - min(payload, before);
	return segments;
}

static struct nta_wire wire_of(const struct segments *segments,
			       const struct nta_wire_link *link)
{
	struct nta_wire each = nta_wire_one(segments->each, link);
	struct nta_wire wire = nta_wire_one(segments->last, link);

	wire.packets += segments->count - 1;
	wire.bytes += (segments->count - 1) * each.bytes;
	return wire;
}

/**
 * nta_ipsec_in - what a packet was on the wire that came out of another one
 * @skb: the packet, in LOCAL_IN, not reassembled
 * @state: of the hook
 * @transport: offset of the transport header
 *
 * Return: what the interface counted for the outer packet; nothing if that was
 * none, but part of a connection.
 */
struct nta_wire nta_ipsec_in(struct sk_buff *skb,
			     const struct nf_hook_state *state,
			     unsigned int transport)
{
	const struct nta_wire_link link = nta_link_in(skb, state->in);
	u32 header = skb->len - nta_packet_fragmentable(skb, state->pf);
	struct segments segments;
	struct nta_wire wire;
	u32 first;

	if (is_interface(state->in))
		return nta_packet_in(skb, state->in, transport);
	segments = segments_of(skb, transport);
	first = header;
	segments.each = outer_len(skb, segments.each, &first);
	segments.last = outer_len(skb, segments.last, &header);
	if (!segments.last)
		return (struct nta_wire) {};
	if (segments.count == 1 &&
	    nta_frag_take_outer(skb, state, segments.last - header, &wire))
		return wire;
	return wire_of(&segments, &link);
}

/**
 * nta_ipsec_out - what a packet that IPsec has made will be on the wire
 * @skb: the packet, in LOCAL_OUT for the last time
 * @state: of the hook
 * @l4: its transport header
 *
 * A packet that a device encrypts, or what stands in for one, lacks all that
 * comes behind what is encrypted, and may be one of several segments. Such a
 * packet fits the path.
 *
 * Return: what the interface will count.
 */
struct nta_wire nta_ipsec_out(struct sk_buff *skb,
			      const struct nf_hook_state *state,
			      struct nta_l4 l4)
{
	const struct sec_path *sp = skb_sec_path(skb);
	struct nta_wire_link link;
	struct crypto_aead *aead;
	struct segments segments;
	u32 clear;

	if (!sp || !sp->len || l4.protocol != IPPROTO_ESP || !xfrm_offload(skb))
		return nta_packet_out(skb, state, l4.offset);
	aead = sp->xvec[sp->len - 1]->data;
	if (!aead)
		return nta_packet_out(skb, state, l4.offset);
	link = nta_link_out(skb, skb_dst(skb)->dev);
	segments = segments_of(skb, l4.offset);
	clear = l4.offset + esp_header(aead);
	segments.each = with_trailer(aead, segments.each, clear);
	segments.last = with_trailer(aead, segments.last, clear);
	return wire_of(&segments, &link);
}

static const __be32 *udp_payload(const struct sk_buff *skb,
				 unsigned int transport, __be32 words[2])
{
	return skb_header_pointer(skb, transport + sizeof(struct udphdr),
				  2 * sizeof(*words), words);
}

/**
 * nta_ipsec_is_in_udp - does a datagram carry a packet of IPsec?
 * @sk: the socket for which it came
 * @skb: the datagram, in LOCAL_IN
 * @transport: offset of its header
 *
 * The socket of an IKE daemon gets those too, and the kernel takes them out by
 * the rules of RFC 3948: they begin with a number that is not 0.
 */
bool nta_ipsec_is_in_udp(const struct sock *sk, const struct sk_buff *skb,
			 unsigned int transport)
{
	const __be32 *payload;
	__be32 words[2];

	if (!sk_fullsock(sk) || !nta_sock_is_ike(sk))
		return false;
	payload = udp_payload(skb, transport, words);
	return payload && payload[0] &&
	       skb->len > transport + sizeof(struct udphdr) +
				  sizeof(struct ip_esp_hdr);
}

static struct xfrm_state *find_state(const struct sk_buff *skb,
				     const struct nf_hook_state *state, __be32 spi)
{
	xfrm_address_t daddr = {};

	if (state->pf == NFPROTO_IPV4)
		daddr.a4 = ip_hdr(skb)->daddr;
	else
		daddr.in6 = ipv6_hdr(skb)->daddr;
	return xfrm_state_lookup(state->net, skb->mark, &daddr, spi, IPPROTO_ESP,
				 state->pf);
}

/**
 * nta_ipsec_is_of_interface - was a packet encrypted for an interface of IPsec?
 * @skb: the packet, in LOCAL_OUT for the last time
 * @state: of the hook
 *
 * States of xfrm interfaces bear their number; those of vti a mark that the packet
 * does not have.
 */
bool nta_ipsec_is_of_interface(const struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct nta_l4 l4 = nta_l4_find(skb, state->pf);
	struct xfrm_state *x;
	const __be32 *spi;
	__be32 buf;
	bool is;

	if (l4.protocol == IPPROTO_UDP)
		l4.offset += sizeof(struct udphdr);
	else if (l4.protocol != IPPROTO_ESP)
		return false;
	spi = skb_header_pointer(skb, l4.offset, sizeof(buf), &buf);
	if (!spi)
		return false;
	x = find_state(skb, state, *spi);
	if (!x)
		return true;
	is = x->if_id;
	xfrm_state_put(x);
	return is;
}

/**
 * nta_ipsec_class - who is credited with a datagram that carries a packet
 * @skb: the datagram, see nta_ipsec_is_in_udp()
 * @state: of the hook
 * @transport: offset of its header
 *
 * Return: NTA_CLASSES when it does not count, but what is in it; NTA_KERNEL
 * when both do, for that will come by an interface of its own; NTA_NOSOCKET
 * when nobody can decrypt it.
 */
enum nta_class nta_ipsec_class(const struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       unsigned int transport)
{
	enum nta_class class;
	const __be32 *payload;
	struct xfrm_state *x;
	__be32 words[2];

	payload = udp_payload(skb, transport, words);
	if (!payload)
		return NTA_NOSOCKET;
	x = find_state(skb, state, payload[0]);
	if (!x)
		return NTA_NOSOCKET;
	class = x->if_id ? NTA_KERNEL : NTA_CLASSES;
	xfrm_state_put(x);
	return class;
}

#endif /* CONFIG_XFRM */
