/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a packet in LOCAL_OUT is one that the current task sends.
 */
#ifndef _NTA_SENDER_H
#define _NTA_SENDER_H

#include <linux/netfilter.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/skbuff.h>

#include "sock.h"

/*
 * Does the current task send, whatever task that is? No system call sends with
 * bottom halves off; where a task writes to a tun device, or a network worker of a
 * virtual machine does, the stack handles that, and answers, in the task's context
 * with bottom halves off.
 */
static __always_inline bool nta_sender_is_any(void)
{
	return !in_interrupt();
}

/*
 * May the current task own what it sends? A task that may use the last of the memory
 * writes to a disk, which is why it sends; the socket is not its own.
 */
static inline bool nta_sender_is_user(void)
{
	return !(current->flags & (PF_KTHREAD | PF_MEMALLOC));
}

enum nta_claim nta_sender_claim(struct sock *sk, const struct sk_buff *skb,
				const struct nf_hook_state *state);

#endif /* _NTA_SENDER_H */
