/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_FRAG_H
#define _NTA_FRAG_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

#include "frag_net.h"
#include "packet.h"

/**
 * nta_frag_is_reassembled - was this datagram put together from fragments?
 * @skb: the datagram, in LOCAL_IN
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
static inline bool nta_frag_is_reassembled(const struct sk_buff *skb, u8 pf)
{
	return nta_packet_fragment_max(skb, pf);
}

struct nta_wire nta_frag_take(struct sk_buff *skb,
			      const struct nf_hook_state *state);
bool nta_frag_take_outer(const struct sk_buff *skb,
			 const struct nf_hook_state *state, u32 payload,
			 struct nta_wire *wire);
struct nta_wire nta_frag_first(const struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       const struct nta_frag_owner *owner);
bool nta_frag_later(const struct sk_buff *skb, const struct nf_hook_state *state,
		    struct nta_wire wire, struct nta_frag_owner *owner);

void nta_frag_expect(u8 pf, const char *name);
void nta_frag_note(struct net *net, const struct nta_frag_key *key,
		   const struct nta_frag_piece *piece);
void nta_frag_refused(struct net *net, const struct nta_frag_key *key);
bool nta_frag_note_outer(struct net *net, const struct nta_frag_key *key,
			 const struct nta_frag_piece *piece, bool transformed);
void nta_frag_done(struct net *net, const struct nta_frag_key *key,
		   const struct nta_frag_piece *piece, const struct sk_buff *skb);

#endif /* _NTA_FRAG_H */
