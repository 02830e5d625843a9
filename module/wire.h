/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many packets and bytes something is on the wire: plain arithmetic, which
 * the module and the tests on the host compile alike.
 */
#ifndef _NTA_WIRE_H
#define _NTA_WIRE_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/* Bytes that the fragment extension header adds to each IPv6 fragment. */
#define NTA_WIRE_FRAGMENT_HEADER	8

/**
 * struct nta_wire - what an interface counts
 * @packets: packets, each segment and each fragment being one
 * @bytes: their bytes, headers of the network, the transport and the link in all
 */
struct nta_wire {
	__u64 packets;
	__u64 bytes;
};

/**
 * struct nta_wire_link - how an interface counts the bytes of a packet
 * @header: bytes that it adds to each
 * @least: a shorter packet is counted as one of so many bytes
 * @unit: bytes up to a multiple of which it fills a packet; 0 when to none
 * @most: a packet is not filled beyond so many bytes; only with @unit
 */
struct nta_wire_link {
	__u32 header;
	__u32 least;
	__u32 unit;
	__u32 most;
};

/**
 * struct nta_wire_gso - a packet that is cut into segments below the hook, or
 *	that was put together from segments above the interface
 * @len: bytes from the network header on
 * @headers: network and transport header, which each segment has
 * @size: payload of each segment but the last, which may have less; not 0
 * @segs: number of segments; 0 when nobody counted them
 */
struct nta_wire_gso {
	__u32 len;
	__u32 headers;
	__u32 size;
	__u32 segs;
};

/**
 * struct nta_wire_path - the way on which a packet leaves
 * @mtu: largest packet that passes, network header included
 * @header: the part of the network header that each fragment repeats
 * @ipv6: each fragment has a fragment header too
 * @whole: the packet must not be fragmented
 * @link: how the interface counts
 */
struct nta_wire_path {
	__u32 mtu;
	__u32 header;
	bool ipv6;
	bool whole;
	struct nta_wire_link link;
};

/**
 * nta_wire_plain - one packet, where the interface adds a header and no more
 * @len: bytes from the network header on
 * @header: bytes of link header that the interface counts
 *
 * Return: what the interface counts.
 */
static inline struct nta_wire nta_wire_plain(__u32 len, __u32 header)
{
	return (struct nta_wire) { 1, (__u64)len + header };
}

struct nta_wire nta_wire_one(__u64 len, const struct nta_wire_link *link);
struct nta_wire nta_wire_segments(const struct nta_wire_gso *gso,
				  const struct nta_wire_link *link);
struct nta_wire nta_wire_fragments(__u64 len, const struct nta_wire_path *path);
struct nta_wire nta_wire_reassembled(__u64 len, const struct nta_wire_path *path);
struct nta_wire nta_wire_cut(__u64 len, __u64 count, __u64 room,
			     const struct nta_wire_path *path);
struct nta_wire nta_wire_send(const struct nta_wire_gso *gso,
			      const struct nta_wire_path *path);

#endif /* _NTA_WIRE_H */
