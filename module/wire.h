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
 * @link: bytes of link header that the interface counts for each packet
 */
struct nta_wire_path {
	__u32 mtu;
	__u32 header;
	bool ipv6;
	bool whole;
	__u32 link;
};

/**
 * nta_wire_plain - one packet as it is
 * @len: bytes from the network header on
 * @link: bytes of link header that the interface counts for each packet
 *
 * Return: what the interface counts.
 */
static inline struct nta_wire nta_wire_plain(__u32 len, __u32 link)
{
	return (struct nta_wire) { 1, (__u64)len + link };
}

struct nta_wire nta_wire_segments(const struct nta_wire_gso *gso, __u32 link);
struct nta_wire nta_wire_fragments(__u64 len, const struct nta_wire_path *path);
struct nta_wire nta_wire_reassembled(__u64 len, const struct nta_wire_path *path);
struct nta_wire nta_wire_cut(__u64 len, __u64 count,
			     const struct nta_wire_path *path);
struct nta_wire nta_wire_send(const struct nta_wire_gso *gso,
			      const struct nta_wire_path *path);

#endif /* _NTA_WIRE_H */
