/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which socket the application has, and the name of its entry.
 */
#ifndef _NTA_VISIBLE_H
#define _NTA_VISIBLE_H

#include <net/mptcp.h>
#include <net/sock.h>

#include "sock.h"

static inline bool nta_sk_is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP && sk->sk_type == SOCK_STREAM;
}

static inline bool nta_sk_is_subflow(const struct sock *sk)
{
	return IS_ENABLED(CONFIG_MPTCP) && nta_sk_is_tcp(sk) && sk_is_mptcp(sk);
}

/*
 * The socket that the application has: of an MPTCP subflow, also of one that
 * fell back to TCP, the MPTCP socket, which shares its struct socket with its
 * subflows once it has one. Only to be compared with: it can be freed at any
 * time, and its memory be another socket's at once.
 */
static inline const struct sock *nta_sk_visible(const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);
	const struct sock *visible = sock ? READ_ONCE(sock->sk) : NULL;

	return visible ?: sk;
}

static __always_inline u64 nta_sk_key(const struct sock *sk, enum nta_flow flow)
{
	u64 cookie = 0;

	if (unlikely(nta_sk_visible(sk) != sk))
		cookie = nta_sock_cookie_mptcp(sk);
	else if (nta_sk_is_subflow(sk))
		return nta_sock_key_subflow(nta_sock_cookie(sk));
	return nta_sock_key_of(sk, cookie ?: nta_sock_cookie(sk), flow);
}

#endif /* _NTA_VISIBLE_H */
