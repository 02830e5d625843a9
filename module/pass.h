/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet can pass LOCAL_OUT more than once: which of the passings counts?
 */
#ifndef _NTA_PASS_H
#define _NTA_PASS_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/dst.h>
#include <net/sock.h>

#include "ipsec.h"
#include "totals.h"

/**
 * enum nta_pass - a passing of LOCAL_OUT
 * @NTA_PASS_COUNTS: the packet is what it seems to be
 * @NTA_PASS_EARLY: it comes again, transformed, and counts then; but now it can be
 *	seen what it is, and who sends it
 * @NTA_PASS_AGAIN: it comes again as it is, and counts then; but now it can be seen
 *	who sends it
 * @NTA_PASS_LAST: it was transformed: its socket says which protocol the program used
 * @NTA_PASS_OUTER: it is the outer packet of one that left by an interface of its own
 * @NTA_PASS_NOT: it does not count here: it has been counted, or is not of this host
 */
enum nta_pass {
	NTA_PASS_COUNTS,
	NTA_PASS_EARLY,
	NTA_PASS_AGAIN,
	NTA_PASS_LAST,
	NTA_PASS_OUTER,
	NTA_PASS_NOT,
};

struct sock *nta_pass_sk(const struct sk_buff *skb,
			 const struct nf_hook_state *state);
enum nta_pass nta_pass_out(const struct sk_buff *skb, const struct sock *sk,
			   const struct nf_hook_state *state);
enum nta_flow nta_pass_flow(const struct sock *sk);

#endif /* _NTA_PASS_H */
