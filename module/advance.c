// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that have been counted, and come again transformed. Source NAT can make a packet
 * fit a policy of IPsec: then the transformation is found behind POSTROUTING, where the
 * packet has been counted as it was (nf_xfrm_me_harder(), and ip_finish_output() and
 * ip6_finish_output(), which mark it). Probes on what such packets go to next note what
 * they were counted as, and the last passing of LOCAL_OUT counts so much less.
 *
 * The functions have had these arguments since Linux 4.4.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/spinlock.h>
#include <net/ip.h>
#include <net/xfrm.h>

#include "advance.h"
#include "l4.h"
#include "packet.h"
#include "pass.h"
#include "probe.h"

#if defined(NTA_PROBES) && defined(CONFIG_XFRM)

/* At a time; with more, and with more than a few of the same hash, packets count twice. */
#define NTA_ADVANCE_BITS	6
#define NTA_ADVANCES		BIT(NTA_ADVANCE_BITS)
#define NTA_ADVANCE_WAYS	8

/* What was dropped on the way is forgotten: a packet is transformed at once, or never. */
#define NTA_ADVANCE_LIFE	HZ

/**
 * struct nta_advance - what a socket was counted in advance
 * @sk: the socket, compared alone; NULL for none
 * @noted: when the last was, in jiffies
 * @wire: how much
 */
struct nta_advance {
	const struct sock *sk;
	unsigned long noted;
	struct nta_wire wire;
};

/* Protects all below; never taken for a packet while there are none. */
static DEFINE_SPINLOCK(nta_advance_lock);
static struct nta_advance nta_advances[NTA_ADVANCES];
static unsigned int nta_advances_used;

static void nta_advance_free(struct nta_advance *advance)
{
	advance->sk = NULL;
	WRITE_ONCE(nta_advances_used, nta_advances_used - 1);
}

/* That of a socket; with @sk NULL, a free one where that of @hashed would be. */
static struct nta_advance *nta_advance_find(const struct sock *sk, const struct sock *hashed)
{
	unsigned int first = hash_ptr(hashed, NTA_ADVANCE_BITS), i;
	struct nta_advance *advance;

	for (i = 0; i < NTA_ADVANCE_WAYS; i++) {
		advance = &nta_advances[(first + i) % NTA_ADVANCES];
		if (advance->sk &&
		    time_after(jiffies, advance->noted + NTA_ADVANCE_LIFE))
			nta_advance_free(advance);
		if (advance->sk == sk)
			return advance;
	}
	return NULL;
}

static void nta_advance_note(const struct sock *sk, struct nta_wire wire)
{
	struct nta_advance *advance;

	spin_lock_bh(&nta_advance_lock);
	advance = nta_advance_find(sk, sk);
	if (!advance) {
		advance = nta_advance_find(NULL, sk);
		if (!advance)
			goto unlock;
		*advance = (struct nta_advance) { .sk = sk };
		WRITE_ONCE(nta_advances_used, nta_advances_used + 1);
	}
	advance->noted = jiffies;
	advance->wire.packets += wire.packets;
	advance->wire.bytes += wire.bytes;
unlock:
	spin_unlock_bh(&nta_advance_lock);
}

/**
 * nta_advance_take - take off a packet what was counted in advance
 * @sk: its socket, of any kind; NULL for none
 * @wire: what it is on the wire; receives what is left to be counted
 *
 * A packet of several segments is counted at once, and its segments come one by one: so
 * nothing is ever counted back.
 *
 * Context: softirq or process.
 */
void nta_advance_take(const struct sock *sk, struct nta_wire *wire)
{
	struct nta_advance *advance;
	struct nta_wire taken;

	if (likely(!READ_ONCE(nta_advances_used)) || !sk)
		return;
	spin_lock_bh(&nta_advance_lock);
	advance = nta_advance_find(sk, sk);
	if (!advance)
		goto unlock;
	taken.packets = min(wire->packets, advance->wire.packets);
	taken.bytes = min(wire->bytes, advance->wire.bytes);
	wire->packets -= taken.packets;
	wire->bytes -= taken.bytes;
	advance->wire.packets -= taken.packets;
	advance->wire.bytes -= taken.bytes;
	if (!(advance->wire.packets | advance->wire.bytes))
		nta_advance_free(advance);
unlock:
	spin_unlock_bh(&nta_advance_lock);
}

/* What the packet was on the wire as it was counted, by the route that it had then. */
static struct nta_wire nta_advance_wire(struct sk_buff *skb, const struct nf_hook_state *state,
					struct nta_l4 l4)
{
	const struct xfrm_dst *bundle = (const struct xfrm_dst *)skb_dst(skb);
	unsigned long present = skb->_skb_refdst;
	struct nta_wire wire;

	/* For the moment; nobody else has the packet. */
	skb->_skb_refdst = 0;
	skb_dst_set_noref(skb, bundle->route);
	wire = nta_packet_out(skb, state, l4.offset);
	skb->_skb_refdst = present;
	return wire;
}

/* A packet with a transformation; it matters where that was found after it was counted. */
static void nta_advance_meet(struct pt_regs *regs, u8 pf)
{
	struct sk_buff *skb = (void *)nta_argument(regs, 2);
	const struct nf_hook_state state = {
		.hook = NF_INET_LOCAL_OUT,
		.pf = pf,
		.net = (void *)nta_argument(regs, 0),
		.sk = (void *)nta_argument(regs, 1),
	};
	bool late = pf == NFPROTO_IPV4 ? IPCB(skb)->flags & IPSKB_REROUTED :
					 IP6CB(skb)->flags & IP6SKB_REROUTED;
	const struct sock *sk;
	struct nta_l4 l4;

	if (likely(!late) || in_nmi() || nta_break_probes)
		return;
	rcu_read_lock();
	sk = nta_pass_sk(skb, &state);
	l4 = nta_l4_find(skb, pf);
	if (sk && dst_xfrm(skb_dst(skb)) && nta_l4_flow(l4) != NTA_FLOWS)
		nta_advance_note(sk, nta_advance_wire(skb, &state, l4));
	rcu_read_unlock();
}

/* int xfrm4_output(struct net *net, struct sock *sk, struct sk_buff *skb) */
static int nta_advance_meet_v4(struct kprobe *kp, struct pt_regs *regs)
{
	nta_advance_meet(regs, NFPROTO_IPV4);
	return 0;
}

/* xfrm6_output(), with the same arguments */
static int nta_advance_meet_v6(struct kprobe *kp, struct pt_regs *regs)
{
	nta_advance_meet(regs, NFPROTO_IPV6);
	return 0;
}

static struct kprobe nta_advance_probes[] = {
	{ .symbol_name = "xfrm4_output", .pre_handler = nta_advance_meet_v4 },
	{ .symbol_name = "xfrm6_output", .pre_handler = nta_advance_meet_v6 },
};

static bool nta_advance_probed[ARRAY_SIZE(nta_advance_probes)];

/**
 * nta_advance_setup - begin to watch
 *
 * Context: process; sleeps.
 */
void nta_advance_setup(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(nta_advance_probes); i++) {
		err = nta_probe_register(&nta_advance_probes[i]);
		nta_advance_probed[i] = !err;
		/* Without IPv6 there is none of the second. */
		if (err && err != -ENOENT)
			pr_info("no probe on %s (error %d): what source NAT gives to IPsec counts twice\n",
				nta_advance_probes[i].symbol_name, err);
	}
}

/**
 * nta_advance_teardown - watch no more
 *
 * Context: process; sleeps. Afterwards nothing is under way in the probes.
 */
void nta_advance_teardown(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_advance_probes); i++)
		if (nta_advance_probed[i])
			unregister_kprobe(&nta_advance_probes[i]);
}

#else

void nta_advance_take(const struct sock *sk, struct nta_wire *wire)
{
}

void nta_advance_setup(void)
{
}

void nta_advance_teardown(void)
{
}

#endif
