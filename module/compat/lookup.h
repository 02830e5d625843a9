/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's socket look-ups, without the tables that older kernels want to
 * be told.
 */
#ifndef _NTA_COMPAT_LOOKUP_H
#define _NTA_COMPAT_LOOKUP_H

#include <linux/version.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include <net/udp.h>

/* 6.1 ("tcp: Access &tcp_hashinfo via net.") made it per namespace. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define nta_tcp_table(net) (&tcp_hashinfo)
#else
#define nta_tcp_table(net) ((net)->ipv4.tcp_death_row.hashinfo)
#endif

/* 6.2 ("udp: Access &udp_table via net.") made it per namespace. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define nta_udp_table(net) (&udp_table)
#else
#define nta_udp_table(net) ((net)->ipv4.udp_table)
#endif

/* 6.18 ("tcp: Don't pass hashinfo to socket lookup helpers.") dropped it. */
static inline struct sock *
nta_inet_lookup_established(struct net *net, __be32 saddr, __be16 sport,
			    __be32 daddr, u16 hnum, int dif)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return __inet_lookup_established(net, nta_tcp_table(net), saddr, sport,
					 daddr, hnum, dif, 0);
#else
	return __inet_lookup_established(net, saddr, sport, daddr, hnum, dif, 0);
#endif
}

static inline struct sock *
nta_inet6_lookup_established(struct net *net, const struct in6_addr *saddr,
			     __be16 sport, const struct in6_addr *daddr,
			     u16 hnum, int dif)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	return __inet6_lookup_established(net, nta_tcp_table(net), saddr, sport,
					  daddr, hnum, dif, 0);
#else
	return __inet6_lookup_established(net, saddr, sport, daddr, hnum, dif,
					  0);
#endif
}

/* 7.2 has no such argument any more. */
static inline struct sock *
nta_udp4_lookup(struct net *net, __be32 saddr, __be16 sport, __be32 daddr,
		__be16 dport, int dif)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, 0,
				 nta_udp_table(net), NULL);
#else
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, 0, NULL);
#endif
}

static inline struct sock *
nta_udp6_lookup(struct net *net, const struct in6_addr *saddr, __be16 sport,
		const struct in6_addr *daddr, __be16 dport, int dif)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, 0,
				 nta_udp_table(net), NULL);
#else
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, 0, NULL);
#endif
}

#endif /* _NTA_COMPAT_LOOKUP_H */
