/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a socket wants of groups, wherever the kernel keeps it.
 */
#ifndef _NTA_COMPAT_GROUP_H
#define _NTA_COMPAT_GROUP_H

#include <linux/igmp.h>
#include <linux/ipv6.h>
#include <net/if_inet6.h>
#include <net/inet_sock.h>

/* Does it hear all groups that the host joined? */
static inline bool nta_hears_all_v4(const struct sock *sk)
{
#ifdef NTA_HAS_inet_mc_all
	return inet_sk(sk)->mc_all;
#else
	return inet_test_bit(MC_ALL, sk);
#endif
}

static inline bool nta_hears_all_v6(const struct sock *sk,
				    const struct ipv6_pinfo *np)
{
#ifdef NTA_HAS_ipv6_mc_all
	return np->mc_all;
#else
	return inet6_test_bit(MC6_ALL, sk);
#endif
}

/* The senders that a membership names; NULL when they cannot be read without a lock. */
static inline const struct ip6_sf_socklist *
nta_group_senders_v6(const struct ipv6_mc_socklist *member)
{
#ifdef NTA_HAS_ipv6_mc_list_rcu
	return rcu_dereference(member->sflist);
#else
	return NULL;
#endif
}

#endif /* _NTA_COMPAT_GROUP_H */
