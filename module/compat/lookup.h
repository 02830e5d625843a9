/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's socket look-ups, without the tables that older kernels want to
 * be told.
 */
#ifndef _NTA_COMPAT_LOOKUP_H
#define _NTA_COMPAT_LOOKUP_H

#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/tcp.h>
#include <net/udp.h>

/* Some kernels before 6.1 have it outside of the namespace. */
static inline struct inet_timewait_death_row *
nta_death_row(struct inet_timewait_death_row *row)
{
	return row;
}

static inline struct inet_timewait_death_row *
nta_death_row_of(struct inet_timewait_death_row **row)
{
	return *row;
}

#define nta_tcp_table(net)						\
	(_Generic(&(net)->ipv4.tcp_death_row,				\
		  struct inet_timewait_death_row *: nta_death_row,	\
		  struct inet_timewait_death_row **: nta_death_row_of)	\
		 (&(net)->ipv4.tcp_death_row)->hashinfo)

/* 6.2 ("udp: Access &udp_table via net.") made it per namespace. */
#ifdef NTA_HAS_udp_table_of_net
#define nta_udp_table(net) ((net)->ipv4.udp_table)
#else
#define nta_udp_table(net) (&udp_table)
#endif

/* 6.18 ("tcp: Don't pass hashinfo to socket lookup helpers.") dropped it. */
static inline struct sock *
nta_inet_lookup_established(struct net *net, __be32 saddr, __be16 sport,
			    __be32 daddr, u16 hnum, int dif, int sdif)
{
#ifdef NTA_HAS_inet_lookup_table
	return __inet_lookup_established(net, nta_tcp_table(net), saddr, sport,
					 daddr, hnum, dif, sdif);
#else
	return __inet_lookup_established(net, saddr, sport, daddr, hnum, dif,
					 sdif);
#endif
}

static inline struct sock *
nta_inet6_lookup_established(struct net *net, const struct in6_addr *saddr,
			     __be16 sport, const struct in6_addr *daddr,
			     u16 hnum, int dif, int sdif)
{
#ifdef NTA_HAS_inet_lookup_table
	return __inet6_lookup_established(net, nta_tcp_table(net), saddr, sport,
					  daddr, hnum, dif, sdif);
#else
	return __inet6_lookup_established(net, saddr, sport, daddr, hnum, dif,
					  sdif);
#endif
}

/* Likewise. Without a packet, no program of a group of listeners is asked. */
static inline struct sock *
nta_inet_lookup_listener(struct net *net, __be32 saddr, __be16 sport,
			 __be32 daddr, u16 hnum, int dif, int sdif)
{
#ifdef NTA_HAS_inet_lookup_table
	return __inet_lookup_listener(net, nta_tcp_table(net), NULL, 0, saddr,
				      sport, daddr, hnum, dif, sdif);
#else
	return __inet_lookup_listener(net, NULL, 0, saddr, sport, daddr, hnum,
				      dif, sdif);
#endif
}

static inline struct sock *
nta_inet6_lookup_listener(struct net *net, const struct in6_addr *saddr,
			  __be16 sport, const struct in6_addr *daddr, u16 hnum,
			  int dif, int sdif)
{
#ifdef NTA_HAS_inet_lookup_table
	return inet6_lookup_listener(net, nta_tcp_table(net), NULL, 0, saddr,
				     sport, daddr, hnum, dif, sdif);
#else
	return inet6_lookup_listener(net, NULL, 0, saddr, sport, daddr, hnum,
				     dif, sdif);
#endif
}

/* 7.2 has no such argument any more. */
static inline struct sock *
nta_udp4_lookup(struct net *net, __be32 saddr, __be16 sport, __be32 daddr,
		__be16 dport, int dif, int sdif)
{
#ifdef NTA_HAS_udp_lookup_table
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 nta_udp_table(net), NULL);
#else
	return __udp4_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif, NULL);
#endif
}

static inline struct sock *
nta_udp6_lookup(struct net *net, const struct in6_addr *saddr, __be16 sport,
		const struct in6_addr *daddr, __be16 dport, int dif, int sdif)
{
#ifdef NTA_HAS_udp_lookup_table
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif,
				 nta_udp_table(net), NULL);
#else
	return __udp6_lib_lookup(net, saddr, sport, daddr, dport, dif, sdif, NULL);
#endif
}

#endif /* _NTA_COMPAT_LOOKUP_H */
