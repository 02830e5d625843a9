/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which socket the application has, and the name of its entry.
 */
#ifndef _NTA_VISIBLE_H
#define _NTA_VISIBLE_H

#include <linux/fs.h>
#include <linux/net.h>
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

/*
 * Has a connection of the kernel's become that of a program? So it is with an SMC
 * socket that fell back to TCP: the TCP socket in it then has the file of the SMC
 * socket, whose inode is not its own. It loses the file before that is freed, which
 * takes a grace period or leaves the memory a file's: so it may be looked at, and
 * what it says be compared.
 */
static inline bool nta_sk_has_file_of_other(const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);
	const struct file *file;

	if (!nta_sk_is_tcp(sk) || !sock)
		return false;
	file = READ_ONCE(sock->file);
	return file && READ_ONCE(file->f_inode) != SOCK_INODE((struct socket *)sock);
}

static __always_inline u64 nta_sk_key(const struct sock *sk, enum nta_flow flow)
{
	u64 cookie = 0;

	if (unlikely(nta_sk_visible(sk) != sk))
		cookie = nta_sock_cookie_mptcp(sk);
	else if (nta_sk_is_subflow(sk))
		return nta_sock_key_subflow(nta_sock_cookie(sk), flow);
	return nta_sock_key_of(sk, cookie ?: nta_sock_cookie(sk), flow);
}

#endif /* _NTA_VISIBLE_H */
