/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Crediting a packet: what is most often the case in few instructions here, all
 * else in credit.c.
 */
#ifndef _NTA_CREDIT_H
#define _NTA_CREDIT_H

#include <linux/netfilter.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "frag.h"
#include "sender.h"
#include "sock.h"
#include "totals.h"
#include "wire.h"

unsigned int nta_credit_any(struct sock *sk, const struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    enum nta_flow flow, u64 packets, u64 bytes);
unsigned int nta_credit_claim(struct nta_sock *s, const struct sk_buff *skb,
			      const struct nf_hook_state *state,
			      enum nta_flow flow, u64 packets, u64 bytes);
void nta_credit_owner(struct sock *sk, enum nta_flow flow,
		      struct nta_frag_owner *owner);

/**
 * nta_credit - count a packet
 * @sk: its socket, of any kind; NULL when it has none
 * @skb: the packet
 * @state: of the hook
 * @flow: NTA_TCP_SND or NTA_UDP_SND, over loopback plus NTA_LOOPBACK
 * @dir: whether the hook is LOCAL_OUT or LOCAL_IN
 * @wire: what the packet is on the wire
 *
 * Context: as the hook.
 * Return: the hook's verdict.
 */
static __always_inline unsigned int
nta_credit(struct sock *sk, const struct sk_buff *skb,
	   const struct nf_hook_state *state, enum nta_flow flow,
	   enum nta_dir dir, struct nta_wire wire)
{
	struct nta_sock *s;
	u64 cookie;

	nta_totals_all(flow + dir, wire.packets, wire.bytes);
	/*
	 * What is no full socket has no cookie, or one of its own, but in
	 * TIME_WAIT that of the connection.
	 */
	if (unlikely(!sk || (!nta_flow_is_udp(flow) &&
			     sk->sk_state == TCP_TIME_WAIT)))
		goto any;
	cookie = atomic64_read(&sk->sk_cookie);
	s = nta_sock_peek(nta_sock_table(), cookie, nta_sock_key(cookie, flow));
	if (unlikely(!s))
		goto any;
	if (dir == NTA_SND && unlikely(READ_ONCE(s->pid) != task_pid(current)) &&
	    nta_sender_is_any())
		return nta_credit_claim(s, skb, state, flow, wire.packets,
					wire.bytes);
	nta_sock_count(s, dir, wire.packets, wire.bytes);
	return NF_ACCEPT;
any:
	return nta_credit_any(sk, skb, state, flow, wire.packets, wire.bytes);
}

void nta_credit_setup(void);

#endif /* _NTA_CREDIT_H */
