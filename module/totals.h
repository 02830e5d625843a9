/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_TOTALS_H
#define _NTA_TOTALS_H

#include <linux/percpu.h>
#include <linux/types.h>

/**
 * struct nta_count - what was carried
 * @packets: packets on the wire
 * @bytes: bytes, as the interface counts them
 */
struct nta_count {
	u64 packets;
	u64 bytes;
};

/**
 * enum nta_flow - protocol and direction, in the order of struct netpertask
 * @NTA_TCP_SND: TCP sent
 * @NTA_TCP_RCV: TCP received
 * @NTA_UDP_SND: UDP sent
 * @NTA_UDP_RCV: UDP received
 * @NTA_LOOPBACK: plus one of these: the same, over the loopback interface; they are
 *	not part of those above
 * @NTA_FLOWS: how many there are
 */
enum nta_flow {
	NTA_TCP_SND,
	NTA_TCP_RCV,
	NTA_UDP_SND,
	NTA_UDP_RCV,
	NTA_LOOPBACK,
	NTA_FLOWS = 2 * NTA_LOOPBACK,
};

/* NTA_TCP_SND or NTA_UDP_SND, perhaps plus NTA_LOOPBACK, plus one of these is a flow. */
enum nta_dir {
	NTA_SND,
	NTA_RCV,
	NTA_DIRS,
};

/**
 * enum nta_class - where a packet goes that no task owns
 * @NTA_KERNEL: sockets of the kernel itself: tunnels, network file systems
 * @NTA_NOSOCKET: no socket: resets, TIME_WAIT, SYN cookies, closed ports
 * @NTA_GONE: sockets whose process is gone
 * @NTA_OVERFLOW: the tables were full or memory was short
 * @NTA_CLASSES: how many there are
 *
 * One more class, packets that wait for an owner, is what the socket entries
 * without an owner hold.
 */
enum nta_class {
	NTA_KERNEL,
	NTA_NOSOCKET,
	NTA_GONE,
	NTA_OVERFLOW,
	NTA_CLASSES,
};

/**
 * struct nta_totals - what one CPU saw, whoever owns it
 * @all: every TCP and UDP packet
 * @class: those that no task owns
 * @nocgroup: those of a class that belongs to cgroups of which nobody knows in which
 * @icmp: ICMP and ICMPv6 packets by direction
 */
struct nta_totals {
	struct nta_count all[NTA_FLOWS];
	struct nta_count class[NTA_CLASSES][NTA_FLOWS];
	struct nta_count nocgroup[NTA_FLOWS];
	u64 icmp[NTA_DIRS];
};

DECLARE_PER_CPU(struct nta_totals, nta_totals);

static inline void nta_count_add(struct nta_count *count, u64 packets, u64 bytes)
{
	count->packets += packets;
	count->bytes += bytes;
}

/* Is it UDP, then, whatever the direction and the interface? */
static inline bool nta_flow_is_udp(enum nta_flow flow)
{
	return flow & NTA_UDP_SND;
}

/**
 * nta_count_both - what was carried over loopback and over all other interfaces
 * @count: by flow
 * @flow: up to NTA_UDP_RCV
 */
static inline struct nta_count nta_count_both(const struct nta_count count[NTA_FLOWS],
					      enum nta_flow flow)
{
	struct nta_count both = count[flow];

	nta_count_add(&both, count[NTA_LOOPBACK + flow].packets,
		      count[NTA_LOOPBACK + flow].bytes);
	return both;
}

/* Any context. */
static inline void nta_totals_all(enum nta_flow flow, u64 packets, u64 bytes)
{
	this_cpu_add(nta_totals.all[flow].packets, packets);
	this_cpu_add(nta_totals.all[flow].bytes, bytes);
}

/* Any context. */
static inline void nta_totals_class(enum nta_class class, enum nta_flow flow,
				    u64 packets, u64 bytes)
{
	this_cpu_add(nta_totals.class[class][flow].packets, packets);
	this_cpu_add(nta_totals.class[class][flow].bytes, bytes);
}

/* The same, of a socket that is not at hand, and so is not its cgroup. Any context. */
static inline void nta_totals_class_alone(enum nta_class class, enum nta_flow flow,
					  u64 packets, u64 bytes)
{
	nta_totals_class(class, flow, packets, bytes);
	if (class != NTA_GONE)
		return;
	this_cpu_add(nta_totals.nocgroup[flow].packets, packets);
	this_cpu_add(nta_totals.nocgroup[flow].bytes, bytes);
}

/* Any context. */
static inline void nta_totals_icmp(enum nta_dir dir, u64 packets)
{
	this_cpu_add(nta_totals.icmp[dir], packets);
}

void nta_totals_read(struct nta_totals *sum);

#endif /* _NTA_TOTALS_H */
