// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many packets and bytes something is on the wire. No function here trusts
 * its input: a field out of range gives a wrong count, never a crash.
 */
#include "wire.h"

static struct nta_wire nothing(void)
{
	return (struct nta_wire) { 0, 0 };
}

/* What the interface counts for one packet of @len bytes. */
static __u64 counted(const struct nta_wire_link *link, __u64 len)
{
	__u64 last = len, filled;

	if (link->unit) {
		if (link->most && len > link->most)
			last = len % link->most;
		filled = (last + link->unit - 1) / link->unit * link->unit;
		if (link->most && filled > link->most)
			filled = link->most;
		len += filled - last;
	}
	return (len > link->least ? len : link->least) + link->header;
}

/* The same for @count packets of @bytes in all; all but the last have @full. */
static __u64 counted_all(const struct nta_wire_link *link, __u64 count,
			 __u64 bytes, __u64 full)
{
	__u64 before = (count - 1) * full;

	if (!link->unit && !link->least)
		return bytes + count * link->header;
	return (count - 1) * counted(link, full) +
	       counted(link, bytes > before ? bytes - before : 0);
}

static __u32 payload_of(const struct nta_wire_gso *gso)
{
	return gso->len > gso->headers ? gso->len - gso->headers : 0;
}

static __u32 segments_of(const struct nta_wire_gso *gso)
{
	__u32 payload = payload_of(gso);

	if (gso->segs)
		return gso->segs;
	if (!gso->size || !payload)
		return 1;
	return (payload - 1) / gso->size + 1;
}

/**
 * nta_wire_one - one packet as it is
 * @len: bytes from the network header on
 * @link: how the interface counts
 *
 * Return: what the interface counts.
 */
struct nta_wire nta_wire_one(__u64 len, const struct nta_wire_link *link)
{
	return (struct nta_wire) { 1, counted(link, len) };
}

/**
 * nta_wire_segments - a packet of several segments that nothing fragments
 * @gso: the packet
 * @link: how the interface counts
 *
 * Return: what the interface counts.
 */
struct nta_wire nta_wire_segments(const struct nta_wire_gso *gso,
				  const struct nta_wire_link *link)
{
	__u64 segs = segments_of(gso);

	return (struct nta_wire) {
		segs, counted_all(link, segs, gso->len + (segs - 1) * gso->headers,
				  (__u64)gso->headers + gso->size)
	};
}

static __u64 overhead(const struct nta_wire_path *path)
{
	return (__u64)path->header + (path->ipv6 ? NTA_WIRE_FRAGMENT_HEADER : 0);
}

/**
 * nta_wire_cut - a datagram of which the number of fragments is known
 * @len: bytes from the network header on, before it is cut
 * @count: number of fragments
 * @room: bytes of the datagram in each fragment but the last
 * @path: the way on which it leaves; of it @header, @ipv6 and @link
 *
 * Return: what the interface counts.
 */
struct nta_wire nta_wire_cut(__u64 len, __u64 count, __u64 room,
			     const struct nta_wire_path *path)
{
	__u64 bytes = len;

	if (!count)
		return nothing();
	bytes += (count - 1) * path->header;
	if (path->ipv6)
		bytes += count * NTA_WIRE_FRAGMENT_HEADER;
	return (struct nta_wire) {
		count, counted_all(&path->link, count, bytes, overhead(path) + room)
	};
}

/* All fragments but the last have whole units of eight bytes (RFC 791, RFC 8200). */
static struct nta_wire cut_to_mtu(__u64 len, const struct nta_wire_path *path)
{
	__u64 payload = len - path->header;
	__u64 room = path->mtu - overhead(path);
	__u64 count = 1;

	if (payload > room && room >= 8)
		count = (payload - room - 1) / (room & ~7ULL) + 2;
	return nta_wire_cut(len, count, room & ~7ULL, path);
}

/**
 * nta_wire_fragments - a datagram that is cut to fit its path
 * @len: bytes from the network header on
 * @path: the way on which it leaves
 *
 * Return: what the interface counts, nothing when the datagram cannot leave.
 */
struct nta_wire nta_wire_fragments(__u64 len, const struct nta_wire_path *path)
{
	if (len <= path->mtu)
		return nta_wire_one(len, &path->link);
	if (path->whole || path->mtu < overhead(path) + 8)
		return nothing();
	return cut_to_mtu(len, path);
}

/**
 * nta_wire_reassembled - a datagram of which only the largest fragment is known
 * @len: bytes from the network header on
 * @path: the way on which it came; its @mtu is the size of the largest fragment
 *
 * Return: what the interface counted, provided that the datagram was cut once
 * and each fragment came once.
 */
struct nta_wire nta_wire_reassembled(__u64 len, const struct nta_wire_path *path)
{
	if (len <= path->header || path->mtu <= overhead(path))
		return nta_wire_one(len, &path->link);
	return cut_to_mtu(len, path);
}

/**
 * nta_wire_send - a packet of several segments on its way out
 * @gso: the packet
 * @path: the way on which it leaves
 *
 * Segments that do not fit are fragmented. Where that is forbidden, IPv4 drops
 * all segments of the packet and IPv6 those that are too long.
 *
 * Return: what the interface counts.
 */
struct nta_wire nta_wire_send(const struct nta_wire_gso *gso,
			      const struct nta_wire_path *path)
{
	__u64 segment = (__u64)gso->headers + gso->size;
	__u32 payload = payload_of(gso);
	struct nta_wire full, last;
	__u32 fulls;

	if (segment <= path->mtu || gso->len <= path->mtu || !gso->size || !payload)
		return nta_wire_segments(gso, &path->link);
	if (path->whole && !path->ipv6)
		return nothing();

	fulls = (payload - 1) / gso->size;
	full = nta_wire_fragments(segment, path);
	last = nta_wire_fragments(gso->len - (__u64)fulls * gso->size, path);
	return (struct nta_wire) {
		fulls * full.packets + last.packets,
		fulls * full.bytes + last.bytes
	};
}
