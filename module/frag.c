// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fragments received. IPv4 shows LOCAL_IN one reassembled datagram, as IPv6
 * does where connections are tracked; then the fragments, which defrag.c saw,
 * are taken from here. Otherwise IPv6 shows them one by one, and only the first
 * has ports: here the others find to whom it went.
 */
#include <linux/jiffies.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>

#include "frag.h"
#include "packet.h"
#include "probe.h"

/* The probes that tell of fragments. */
static struct nta_probe_watch nta_frag_watch_v4, nta_frag_watch_v6;

static struct nta_probe_watch *nta_frag_watch(u8 pf)
{
	return pf == NFPROTO_IPV4 ? &nta_frag_watch_v4 : &nta_frag_watch_v6;
}

/**
 * nta_frag_expect - fragments that LOCAL_IN will not see are told from now on
 * @pf: of which family
 * @name: of the probed function; NULL: they are not
 *
 * Context: process.
 */
void nta_frag_expect(u8 pf, const char *name)
{
	nta_probe_expect(nta_frag_watch(pf), name);
}

/**
 * nta_frag_note - a fragment came that LOCAL_IN will not see
 * @net: where
 * @key: of its datagram
 * @piece: the fragment
 *
 * Context: any but hard interrupts.
 */
void nta_frag_note(struct net *net, const struct nta_frag_key *key,
		   const struct nta_frag_piece *piece)
{
	struct nta_frag_net *n = nta_frag_net(net);
	unsigned long flags;
	struct nta_frag *f;

	nta_probe_reached(nta_frag_watch(key->pf));
	flags = nta_frag_lock_probe(n);
	f = nta_frag_get(n, key, piece);
	nta_frag_add(f, piece->wire);
	f->payload += piece->payload;
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
}

/**
 * nta_frag_note_outer - a fragment came that LOCAL_IN has seen
 * @net: where
 * @key: of its datagram
 * @piece: the fragment
 * @transformed: it bears a protocol of IPsec
 *
 * LOCAL_IN counts neither such a fragment nor one whose record has no flow, for
 * what is in the datagram counts for them, and takes the record.
 *
 * Context: any but hard interrupts.
 * Return: whether it is such a fragment.
 */
bool nta_frag_note_outer(struct net *net, const struct nta_frag_key *key,
			 const struct nta_frag_piece *piece, bool transformed)
{
	struct nta_frag_net *n = nta_frag_net(net);
	unsigned long flags;
	struct nta_frag *f;
	bool noted;

	flags = nta_frag_lock_probe(n);
	f = transformed ? nta_frag_get(n, key, piece) : nta_frag_find(n, key);
	noted = transformed || (f && f->state == NTA_FRAG_OWNED &&
				f->owner.flow == NTA_FLOWS);
	if (noted) {
		nta_frag_add(f, piece->wire);
		f->payload += piece->payload;
	}
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
	return noted;
}

/**
 * nta_frag_refused - the stack does not want the fragment that was noted
 * @net: where
 * @key: of its datagram
 *
 * If there is no other, the stack has nothing of the datagram, and a flood that
 * exceeds its memory does not need ours.
 *
 * Context: any but hard interrupts.
 */
void nta_frag_refused(struct net *net, const struct nta_frag_key *key)
{
	struct nta_frag_net *n = nta_frag_net(net);
	unsigned long flags;
	struct nta_frag *f;

	flags = nta_frag_lock_probe(n);
	f = nta_frag_find(n, key);
	if (f && f->state == NTA_FRAG_OPEN && f->wire.packets == 1)
		nta_frag_settle(n, f, NTA_NOSOCKET);
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
}

/**
 * nta_frag_done - the stack has all fragments of a datagram
 * @net: where
 * @key: of the datagram
 * @piece: the last fragment that came
 * @skb: the packet that it becomes
 *
 * Address translation may change all of @key before LOCAL_IN, but not @skb.
 *
 * Context: any but hard interrupts.
 */
void nta_frag_done(struct net *net, const struct nta_frag_key *key,
		   const struct nta_frag_piece *piece, const struct sk_buff *skb)
{
	struct nta_frag_net *n = nta_frag_net(net);
	struct nta_frag *stale;
	unsigned long flags;

	flags = nta_frag_lock_probe(n);
	/* Of another packet that was forwarded or dropped, and was there before. */
	stale = nta_frag_find_done(n, skb);
	if (stale)
		nta_frag_release(n, stale);
	/* It was evicted just now if it has to be made. */
	nta_frag_file(n, nta_frag_get(n, key, piece), skb);
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
}

/**
 * nta_frag_take - what a reassembled datagram was on the wire
 * @skb: the datagram, in LOCAL_IN
 * @state: of the hook
 *
 * Without a record of all its fragments, for lack of probes, it is estimated
 * from the size of the largest.
 *
 * Return: what the interface counted, less what is counted already.
 */
struct nta_wire nta_frag_take(struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct nta_frag_net *n = nta_frag_net(state->net);
	bool known = false, partly = false;
	struct nta_wire wire = {};
	unsigned long flags;
	struct nta_frag *f;
	u32 payload = 0;

	raw_spin_lock_irqsave(&n->pool.lock, flags);
	f = nta_frag_find_done(n, skb);
	if (f) {
		known = f->pf == state->pf && time_before_eq(jiffies, f->deadline);
		partly = nta_frag_is_ours(f) && time_before(jiffies, n->partly);
		wire = f->wire;
		payload = f->payload;
		nta_frag_release(n, f);
	}
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);

	if (known &&
	    (partly || payload >= nta_packet_fragmentable(skb, state->pf)))
		return wire;
	nta_probe_missed(nta_frag_watch(state->pf), "received fragments are estimated");
	return nta_packet_reassembled(skb, state->in, state->pf);
}

/**
 * nta_frag_take_outer - what the packet was on the wire in which another one came
 * @skb: the packet, in LOCAL_IN
 * @state: of the hook
 * @payload: what the outer packet had to be cut, if that was cut
 * @wire: receives what the interface counted
 *
 * A packet that is taken out of a reassembled one does not say so, and can have
 * the memory of one that was dropped: it is that of a record only if it has its
 * length, or could not have come in one piece.
 *
 * Return: true when the outer packet came in fragments that were seen.
 */
bool nta_frag_take_outer(const struct sk_buff *skb,
			 const struct nf_hook_state *state, u32 payload,
			 struct nta_wire *wire)
{
	struct nta_frag_net *n = nta_frag_net(state->net);
	unsigned long flags;
	struct nta_frag *f;
	bool found = false;

	if (list_empty(&n->done))
		return false;
	raw_spin_lock_irqsave(&n->pool.lock, flags);
	f = nta_frag_find_done(n, skb);
	if (f) {
		found = time_before_eq(jiffies, f->deadline) &&
			(f->payload == payload ||
			 (f->payload > payload &&
			  payload > READ_ONCE(state->in->mtu)));
		*wire = f->wire;
		nta_frag_release(n, f);
	}
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
	return found;
}

/* Read an IPv6 fragment as LOCAL_IN has it; false when it has no header of one. */
static bool nta_frag_v6_read(const struct sk_buff *skb, const struct net *net,
			     struct nta_frag_key *key, struct nta_frag_piece *piece)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct frag_hdr *fh;
	unsigned int offset = 0;
	struct frag_hdr buf;

	if (ipv6_find_hdr(skb, &offset, NEXTHDR_FRAGMENT, NULL, NULL) < 0)
		return false;
	fh = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!fh)
		return false;
	*key = (struct nta_frag_key) {
		.saddr.in6 = ip6h->saddr,
		.daddr.in6 = ip6h->daddr,
		.id = fh->identification,
		.user = IP6_DEFRAG_LOCAL_DELIVER,
		.pf = NFPROTO_IPV6,
	};
	if (ipv6_addr_type(&ip6h->daddr) & (IPV6_ADDR_MULTICAST | IPV6_ADDR_LINKLOCAL))
		key->dev = skb->dev->ifindex;
	*piece = (struct nta_frag_piece) {
		.timeout = nta_frag_v6_timeout(net),
		.protocol = fh->nexthdr,
		.local = true,
		.loopback = nta_link_is_loopback(skb->dev),
	};
	return true;
}

/**
 * nta_frag_first - the fragment that has the transport header came
 * @skb: the fragment, in LOCAL_IN
 * @state: of the hook
 * @owner: who is credited with it
 *
 * Fragments that come later will find @owner.
 *
 * Return: what came before and waited, now @owner's too.
 */
struct nta_wire nta_frag_first(const struct sk_buff *skb,
			       const struct nf_hook_state *state,
			       const struct nta_frag_owner *owner)
{
	struct nta_frag_net *n = nta_frag_net(state->net);
	struct nta_frag_piece piece;
	struct nta_wire wire = {};
	struct nta_frag_key key;
	unsigned long flags;
	struct nta_frag *f;

	if (!nta_frag_v6_read(skb, state->net, &key, &piece))
		return wire;
	raw_spin_lock_irqsave(&n->pool.lock, flags);
	f = nta_frag_get(n, &key, &piece);
	wire = nta_frag_empty(f);
	f->state = NTA_FRAG_OWNED;
	f->owner = *owner;
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
	return wire;
}

/**
 * nta_frag_later - a fragment came that has no transport header
 * @skb: the fragment, in LOCAL_IN
 * @state: of the hook
 * @wire: what the interface counted
 * @owner: set to who is credited with it
 *
 * Return: true when @owner is known; otherwise the fragment waits here.
 */
bool nta_frag_later(const struct sk_buff *skb, const struct nf_hook_state *state,
		    struct nta_wire wire, struct nta_frag_owner *owner)
{
	struct nta_frag_net *n = nta_frag_net(state->net);
	struct nta_frag_piece piece;
	struct nta_frag_key key;
	unsigned long flags;
	struct nta_frag *f;
	bool owned;

	if (!nta_frag_v6_read(skb, state->net, &key, &piece))
		return false;
	raw_spin_lock_irqsave(&n->pool.lock, flags);
	f = nta_frag_get(n, &key, &piece);
	owned = f->state == NTA_FRAG_OWNED;
	if (owned)
		*owner = f->owner;
	else
		nta_frag_add(f, wire);
	raw_spin_unlock_irqrestore(&n->pool.lock, flags);
	return owned;
}
