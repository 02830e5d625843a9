/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_FRAG_H
#define _NTA_FRAG_H

#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "totals.h"
#include "wire.h"

struct net;

/**
 * struct nta_frag_key - what the fragments of one datagram have in common
 * @net: namespace; compared, never followed
 * @saddr: source, of IPv4 the first word
 * @daddr: destination, likewise
 * @id: identification
 * @protocol: as each fragment names it
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
struct nta_frag_key {
	const struct net *net;
	union nf_inet_addr saddr;
	union nf_inet_addr daddr;
	__be32 id;
	u16 protocol;
	u16 pf;
} __aligned(8);

/**
 * struct nta_frag_owner - who is credited with the fragments of a datagram
 * @key: of the socket entry; 0 when there is none
 * @class: the class then
 * @flow: NTA_TCP_RCV or NTA_UDP_RCV
 */
struct nta_frag_owner {
	u64 key;
	enum nta_class class;
	enum nta_flow flow;
};

/**
 * nta_frag_is_reassembled - was this datagram put together from fragments?
 * @skb: the datagram, in LOCAL_IN
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
static inline bool nta_frag_is_reassembled(const struct sk_buff *skb, u8 pf)
{
	return pf == NFPROTO_IPV4 ? IPCB(skb)->frag_max_size :
				    IP6CB(skb)->frag_max_size;
}

struct nta_wire nta_frag_take(struct sk_buff *skb,
			      const struct nf_hook_state *state);
struct nta_wire nta_frag_first(const struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       const struct nta_frag_owner *owner);
bool nta_frag_later(const struct sk_buff *skb, const struct nf_hook_state *state,
		    struct nta_wire wire, struct nta_frag_owner *owner);

void nta_frag_note(const struct nta_frag_key *key, struct nta_wire wire,
		   u32 payload, bool local);
void nta_frag_done(const struct nta_frag_key *key, const struct sk_buff *skb);

void nta_frag_waiting(struct nta_count count[NTA_FLOWS]);
bool nta_frag_intact(void);
void nta_frag_net_exit(struct net *net);
int nta_frag_setup(void);
void nta_frag_teardown(void);

#endif /* _NTA_FRAG_H */
