// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched/task_stack.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "ipsec.h"
#include "l4.h"
#include "sender.h"

/* Packets of a backlog that are looked at. */
#define NTA_SENDER_BACKLOG	64

/* Does a packet carry data of the stream, or begin a connection? */
static bool nta_sender_has_data(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	if (th->syn)
		return !th->ack;
	return skb->len > skb_transport_offset(skb) + __tcp_hdrlen(th);
}

/*
 * Does the task that has locked @sk work off what came meanwhile, as whoever
 * unlocks it has to, and so sends what others wrote? The stack takes the packets
 * off their list at once, but off the sum of their sizes when all are done. While
 * the task itself sends, all that the sum has is on the list. Whoever adds to the
 * list holds the spinlock. A longer list than is looked at counts as the former.
 */
static bool nta_sender_in_backlog(struct sock *sk)
{
	const struct sk_buff *skb;
	unsigned int listed = 0;
	bool taken;
	int n = 0;

	if (!READ_ONCE(sk->sk_backlog.len))
		return false;
	spin_lock_bh(&sk->sk_lock.slock);
	for (skb = sk->sk_backlog.head; skb && n++ < NTA_SENDER_BACKLOG;
	     skb = skb->next)
		listed += skb->truesize;
	taken = listed != sk->sk_backlog.len;
	spin_unlock_bh(&sk->sk_lock.slock);
	return taken;
}

/**
 * nta_sender_claim - what a packet in LOCAL_OUT makes of the current task
 * @sk: the socket that sends it, a full one
 * @skb: the packet
 * @state: of the hook
 *
 * None for a task that may not own what it sends, and where a queue of the packet
 * filter hands on the packet of somebody else: then the hook's state is part of
 * the queue's entry, and else of its caller.
 * Nor any of a packet that IPsec has made: the task had its claim before.
 * A guess where the task only closes, or has data acknowledged or sent on that
 * others wrote.
 *
 * Context: where nta_sender_is_any() says so; as the hook.
 * Return: the claim to own @sk.
 */
enum nta_claim nta_sender_claim(struct sock *sk, const struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	if (!nta_sender_is_user() || !object_is_on_stack(state) ||
	    nta_ipsec_is_out(skb, state->pf))
		return NTA_CLAIM_NONE;
	if (sk->sk_protocol != IPPROTO_TCP || sk->sk_type != SOCK_STREAM)
		return NTA_CLAIM_SEND;
	if (nta_l4_find(skb, state->pf).protocol != IPPROTO_TCP ||
	    !nta_sender_has_data(skb) ||
	    READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN ||
	    nta_sender_in_backlog(sk))
		return NTA_CLAIM_GUESS;
	return NTA_CLAIM_SEND;
}
