// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets that a part of the kernel uses although they are not marked as the
 * kernel's: user space has made them and handed them over (for nbd, iSCSI, usbip,
 * 9p, NFS servers), or they were made in a user's system call or accepted on such a
 * one (NVMe over TCP, NFS servers).
 */
#include <linux/gfp.h>
#include <linux/net.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>

#include "handed.h"
#include "visible.h"

/*
 * What is sent for a disk must not wait for a file system to make memory free. A
 * layer between a task and its connection (ESP in TCP) may have that mark as well.
 */
static bool nta_handed_carries_disk(const struct sock *sk)
{
	if (likely(READ_ONCE(sk->sk_allocation) & __GFP_FS))
		return false;
	return sk->sk_protocol != IPPROTO_TCP || sk->sk_type != SOCK_STREAM ||
	       !READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
}

/*
 * A socket of user space has a file before it can carry anything, and until it is
 * taken from its struct socket. One that is not accepted has no struct socket.
 */
static bool nta_handed_has_no_file(const struct sock *sk)
{
	const struct socket *sock = READ_ONCE(sk->sk_socket);

	if (likely(!sock || READ_ONCE(sock->file)))
		return false;
	/* The file goes after the socket. */
	smp_rmb();
	return READ_ONCE(sk->sk_socket) == sock;
}

/**
 * nta_handed_is_sure - does the kernel use a socket, whoever holds it?
 * @sk: a full socket
 *
 * Context: any, under rcu_read_lock().
 */
bool nta_handed_is_sure(const struct sock *sk)
{
	/*
	 * Subflows of MPTCP are made by the kernel for whoever has the other socket.
	 * So is what is in an SMC socket, which has no file again when it is closed.
	 */
	if (sk->sk_kern_sock || nta_sk_visible(sk) != sk || nta_sk_is_subflow(sk))
		return false;
	return nta_handed_carries_disk(sk) || nta_handed_has_no_file(sk);
}

/**
 * nta_handed - does the kernel use a socket?
 * @sk: a full socket
 * @sent: it sends a packet just now
 *
 * Threads of the kernel also send on behalf of those who hold a socket (kTLS,
 * MPTCP, sockmap), and a listener that nobody holds can only be the kernel's: so it
 * depends on whether somebody does.
 *
 * Context: as the hooks.
 */
enum nta_handed nta_handed(const struct sock *sk, bool sent)
{
	if (nta_handed_is_sure(sk))
		return NTA_HANDED_SURE;
	if (sk->sk_protocol == IPPROTO_TCP && sk->sk_state == TCP_LISTEN)
		return NTA_HANDED_PERHAPS;
	if (sent && !in_interrupt() && current->flags & PF_KTHREAD &&
	    nta_sk_visible(sk) == sk && READ_ONCE(sk->sk_socket))
		return NTA_HANDED_PERHAPS;
	return NTA_HANDED_NOT;
}
