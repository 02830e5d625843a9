// SPDX-License-Identifier: GPL-2.0-only
/*
 * Watches how the stack reassembles datagrams. By the time LOCAL_IN has the
 * datagram, its fragments are gone, and those of an incomplete one never come.
 * A hook before reassembly would run for each packet received; probes on two
 * functions that only fragments reach cost the others nothing. Where a kernel
 * has no probes, frag.c estimates.
 *
 * The functions are exported, and have had these arguments since Linux 5.1.
 */
#include <linux/kprobes.h>
#include <net/addrconf.h>
#include <net/inet_frag.h>
#include <net/ip.h>
#include <net/ipv6_frag.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "defrag.h"
#include "frag.h"
#include "ipsec.h"
#include "link.h"
#include "probe.h"

#if defined(CONFIG_KRETPROBES) && defined(NTA_ARGUMENTS)

/**
 * struct nta_defrag_call - what the return of a probed function must know
 * @net: where
 * @key: of the datagram
 * @piece: the fragment that came
 * @skb: that; the whole datagram when it was the last missing
 * @queue: of the datagram, of IPv6
 */
struct nta_defrag_call {
	struct net *net;
	struct nta_frag_key key;
	struct nta_frag_piece piece;
	struct sk_buff *skb;
	const struct inet_frag_queue *queue;
};

/* Is the address one of this host's, or that of a group? */
static bool v4_is_local(struct net *net, const struct sk_buff *skb)
{
	switch (inet_addr_type_dev_table(net, skb->dev, ip_hdr(skb)->daddr)) {
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_MULTICAST:
		return true;
	default:
		return false;
	}
}

static bool v6_is_local(struct net *net, const struct sk_buff *skb)
{
	const struct in6_addr *daddr = &ipv6_hdr(skb)->daddr;

	return ipv6_addr_is_multicast(daddr) ||
	       ipv6_chk_addr(net, daddr, skb->dev, 0);
}

/* Reassembled on the way in, and not for a packet socket or a balancer? */
static bool v4_is_input(u32 user)
{
	return user == IP_DEFRAG_LOCAL_DELIVER ||
	       ip_defrag_user_in_between(user, IP_DEFRAG_CONNTRACK_IN,
					 __IP_DEFRAG_CONNTRACK_IN_END) ||
	       ip_defrag_user_in_between(user, IP_DEFRAG_CONNTRACK_BRIDGE_IN,
					 __IP_DEFRAG_CONNTRACK_BRIDGE_IN);
}

/* As above; what is to be delivered, LOCAL_IN has seen already, and perhaps not
 * counted: that is another case.
 */
static bool v6_is_input(u32 user)
{
	return (user >= IP6_DEFRAG_CONNTRACK_IN &&
		user <= __IP6_DEFRAG_CONNTRACK_IN) ||
	       (user >= IP6_DEFRAG_CONNTRACK_BRIDGE_IN &&
		user <= __IP6_DEFRAG_CONNTRACK_BRIDGE_IN);
}

/* int ip_defrag(struct net *net, struct sk_buff *skb, u32 user) */
static int v4_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct net *net = (void *)nta_argument(regs, 0);
	struct sk_buff *skb = (void *)nta_argument(regs, 1);
	u32 user = nta_argument(regs, 2);
	struct nta_defrag_call *call = (void *)ri->data;
	const struct iphdr *iph = ip_hdr(skb);
	u32 len = skb->len - skb_network_offset(skb);

	if (nta_break_probes || !v4_is_input(user) || !skb->dev ||
	    (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP &&
	     !nta_ipsec_is_protocol(iph->protocol)))
		return 1;

	call->net = net;
	call->skb = skb;
	call->key = (struct nta_frag_key) {
		.saddr.all = { (__force u32)iph->saddr },
		.daddr.all = { (__force u32)iph->daddr },
		.id = (__force __be32)iph->id,
		.user = user,
		.dev = l3mdev_master_ifindex_rcu(skb->dev),
		.protocol = iph->protocol,
		.pf = NFPROTO_IPV4,
	};
	call->piece = (struct nta_frag_piece) {
		.wire = nta_ipsec_one(skb, NFPROTO_IPV4, skb->dev, len),
		.timeout = READ_ONCE(net->ipv4.fqdir->timeout),
		.payload = len - ip_hdrlen(skb),
		.protocol = iph->protocol,
		.local = user == IP_DEFRAG_LOCAL_DELIVER || v4_is_local(net, skb),
		.loopback = nta_link_is_loopback(skb->dev),
	};
	nta_frag_note(net, &call->key, &call->piece);
	return 0;
}

static int v4_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct nta_defrag_call *call = (void *)ri->data;
	int err = nta_return_value(regs);

	if (!err)
		nta_frag_done(call->net, &call->key, &call->piece, call->skb);
	else if (err != -EINPROGRESS)
		nta_frag_refused(call->net, &call->key);
	return 0;
}

/*
 * int inet_frag_queue_insert(struct inet_frag_queue *q, struct sk_buff *skb,
 *			      int offset, int end)
 */
static int v6_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct inet_frag_queue *q = (void *)nta_argument(regs, 0);
	struct sk_buff *skb = (void *)nta_argument(regs, 1);
	struct nta_defrag_call *call = (void *)ri->data;
	const struct frag_hdr *fh;
	u32 user = q->key.v6.user;
	u32 len;

	if (nta_break_probes || skb->protocol != htons(ETH_P_IPV6) || !skb->dev ||
	    (!v6_is_input(user) && user != IP6_DEFRAG_LOCAL_DELIVER))
		return 1;

	/* The headers are pulled by now, the fragment header last. */
	len = skb->len - skb_network_offset(skb);
	fh = (const void *)(skb->data - sizeof(*fh));
	call->net = q->fqdir->net;
	call->skb = skb;
	call->queue = q;
	call->key = (struct nta_frag_key) {
		.saddr.in6 = q->key.v6.saddr,
		.daddr.in6 = q->key.v6.daddr,
		.id = q->key.v6.id,
		.user = q->key.v6.user,
		.dev = q->key.v6.iif,
		.pf = NFPROTO_IPV6,
	};
	call->piece = (struct nta_frag_piece) {
		.wire = nta_ipsec_one(skb, NFPROTO_IPV6, skb->dev, len),
		.timeout = READ_ONCE(q->fqdir->timeout),
		.payload = skb->len,
		.protocol = fh->nexthdr,
		.first = !nta_argument(regs, 2),
		.local = v6_is_local(call->net, skb),
		.loopback = nta_link_is_loopback(skb->dev),
	};
	if (user == IP6_DEFRAG_LOCAL_DELIVER)
		return !nta_frag_note_outer(call->net, &call->key, &call->piece,
					    nta_ipsec_is_protocol(fh->nexthdr));
	nta_frag_note(call->net, &call->key, &call->piece);
	return 0;
}

static int v6_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct nta_defrag_call *call = (void *)ri->data;
	const struct inet_frag_queue *q = call->queue;
	u8 ends = q->flags;

	if ((int)nta_return_value(regs) != IPFRAG_OK) {
		nta_frag_refused(call->net, &call->key);
		return 0;
	}
	/* The caller holds the lock of the queue, and adds the fragment now. */
	if (call->piece.first)
		ends |= INET_FRAG_FIRST_IN;
	if (ends == (INET_FRAG_FIRST_IN | INET_FRAG_LAST_IN) &&
	    q->meat + (int)call->skb->len == q->len)
		nta_frag_done(call->net, &call->key, &call->piece, call->skb);
	return 0;
}

static struct kretprobe nta_defrag_probes[] = {
	{
		.kp.symbol_name = "ip_defrag",
		.entry_handler = v4_enter,
		.handler = v4_return,
		.data_size = sizeof(struct nta_defrag_call),
	},
	{
		.kp.symbol_name = "inet_frag_queue_insert",
		.entry_handler = v6_enter,
		.handler = v6_return,
		.data_size = sizeof(struct nta_defrag_call),
	},
};

static const u8 nta_defrag_families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
static bool nta_defrag_probed[ARRAY_SIZE(nta_defrag_probes)];

/**
 * nta_defrag_setup - begin to watch
 */
void nta_defrag_setup(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(nta_defrag_probes); i++) {
		nta_probe_forget(&nta_defrag_probes[i].kp);
		err = register_kretprobe(&nta_defrag_probes[i]);
		nta_defrag_probed[i] = !err;
		nta_frag_expect(nta_defrag_families[i],
				err ? NULL : nta_defrag_probes[i].kp.symbol_name);
		if (err)
			pr_info("no probe on %s (error %d): received fragments are estimated\n",
				nta_defrag_probes[i].kp.symbol_name, err);
	}
}

/**
 * nta_defrag_teardown - watch no more
 *
 * Afterwards nothing is under way in the probes.
 */
void nta_defrag_teardown(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_defrag_probes); i++)
		if (nta_defrag_probed[i])
			unregister_kretprobe(&nta_defrag_probes[i]);
}

#else

void nta_defrag_setup(void)
{
	pr_info("no probes in this kernel: received fragments are estimated\n");
}

void nta_defrag_teardown(void)
{
}

#endif
