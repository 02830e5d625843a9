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
#include <linux/ptrace.h>
#include <net/addrconf.h>
#include <net/inet_frag.h>
#include <net/ip.h>
#include <net/ipv6_frag.h>
#include <net/route.h>

#include "defrag.h"
#include "frag.h"
#include "link.h"

#if defined(CONFIG_KRETPROBES) && defined(CONFIG_HAVE_FUNCTION_ARG_ACCESS_API)

/**
 * struct nta_defrag_call - what the return of a probed function must know
 * @key: of the datagram
 * @skb: the fragment that came; the whole datagram when it was the last missing
 * @queue: of the datagram, of IPv6
 * @first: the fragment is the first, of IPv6
 */
struct nta_defrag_call {
	struct nta_frag_key key;
	struct sk_buff *skb;
	const struct inet_frag_queue *queue;
	bool first;
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

/* As above; what is to be delivered, LOCAL_IN has seen already. */
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
	struct net *net = (void *)regs_get_kernel_argument(regs, 0);
	struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 1);
	u32 user = regs_get_kernel_argument(regs, 2);
	struct nta_defrag_call *call = (void *)ri->data;
	const struct iphdr *iph = ip_hdr(skb);
	u32 len = skb->len - skb_network_offset(skb);

	if (!v4_is_input(user) || !skb->dev ||
	    (iph->protocol != IPPROTO_TCP && iph->protocol != IPPROTO_UDP))
		return 1;

	call->skb = skb;
	call->key = (struct nta_frag_key) {
		.net = net,
		.saddr.all = { (__force u32)iph->saddr },
		.daddr.all = { (__force u32)iph->daddr },
		.id = (__force __be32)iph->id,
		.protocol = iph->protocol,
		.pf = NFPROTO_IPV4,
	};
	nta_frag_note(&call->key, nta_wire_plain(len, nta_link_in(skb->dev)),
		      len - ip_hdrlen(skb),
		      user == IP_DEFRAG_LOCAL_DELIVER || v4_is_local(net, skb));
	return 0;
}

static int v4_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct nta_defrag_call *call = (void *)ri->data;

	if ((int)regs_return_value(regs) == 0)
		nta_frag_done(&call->key, call->skb);
	return 0;
}

/*
 * int inet_frag_queue_insert(struct inet_frag_queue *q, struct sk_buff *skb,
 *			      int offset, int end)
 */
static int v6_enter(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct inet_frag_queue *q = (void *)regs_get_kernel_argument(regs, 0);
	struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 1);
	struct nta_defrag_call *call = (void *)ri->data;
	const struct frag_hdr *fh;
	struct net *net;
	u32 len;

	if (skb->protocol != htons(ETH_P_IPV6) || !v6_is_input(q->key.v6.user) ||
	    !skb->dev)
		return 1;

	/* The headers are pulled by now, the fragment header last. */
	net = q->fqdir->net;
	len = skb->len - skb_network_offset(skb);
	fh = (const void *)(skb->data - sizeof(*fh));
	call->skb = skb;
	call->queue = q;
	call->first = !regs_get_kernel_argument(regs, 2);
	call->key = (struct nta_frag_key) {
		.net = net,
		.saddr.in6 = q->key.v6.saddr,
		.daddr.in6 = q->key.v6.daddr,
		.id = q->key.v6.id,
		.protocol = fh->nexthdr,
		.pf = NFPROTO_IPV6,
	};
	nta_frag_note(&call->key, nta_wire_plain(len, nta_link_in(skb->dev)),
		      skb->len, v6_is_local(net, skb));
	return 0;
}

static int v6_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct nta_defrag_call *call = (void *)ri->data;
	const struct inet_frag_queue *q = call->queue;
	u8 ends = q->flags;

	/* The caller holds the lock of the queue, and adds the fragment now. */
	if (call->first)
		ends |= INET_FRAG_FIRST_IN;
	if ((int)regs_return_value(regs) == IPFRAG_OK &&
	    ends == (INET_FRAG_FIRST_IN | INET_FRAG_LAST_IN) &&
	    q->meat + (int)call->skb->len == q->len)
		nta_frag_done(&call->key, call->skb);
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

static bool nta_defrag_probed[ARRAY_SIZE(nta_defrag_probes)];

/**
 * nta_defrag_setup - begin to watch
 */
void nta_defrag_setup(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(nta_defrag_probes); i++) {
		/* What registering left there the last time. */
		nta_defrag_probes[i].kp.addr = NULL;
		nta_defrag_probes[i].kp.flags = 0;
		err = register_kretprobe(&nta_defrag_probes[i]);
		nta_defrag_probed[i] = !err;
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
