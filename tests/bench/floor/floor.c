// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a netfilter hook costs at least: the hooks of netatop, which do nothing
 * but accept. With lookup=1 they also find the socket of a received packet, as
 * anything must that credits it, and count on the CPU they run on.
 */
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/percpu.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_socket.h>
#include <net/sock.h>

static bool lookup;
module_param(lookup, bool, 0444);
MODULE_PARM_DESC(lookup, "also look up sockets and count");

struct floor_count {
	u64 packets;
	u64 bytes;
};

static DEFINE_PER_CPU(struct floor_count, floor_count);

static unsigned int floor_accept(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	return NF_ACCEPT;
}

static void floor_add(const struct sk_buff *skb)
{
	this_cpu_inc(floor_count.packets);
	this_cpu_add(floor_count.bytes, skb->len);
}

static unsigned int floor_out(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	floor_add(skb);
	return NF_ACCEPT;
}

static unsigned int floor_in(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct sock *sk;

	floor_add(skb);
	if (skb->sk)
		return NF_ACCEPT;
	sk = state->pf == NFPROTO_IPV4 ?
	     nf_sk_lookup_slow_v4(state->net, skb, state->in) :
	     nf_sk_lookup_slow_v6(state->net, skb, state->in);
	if (sk)
		sock_gen_put(sk);
	return NF_ACCEPT;
}

#define FLOOR_OPS(out, in) { \
	{ \
		.hook = out, \
		.pf = NFPROTO_INET, \
		.hooknum = NF_INET_LOCAL_OUT, \
		.priority = NF_IP_PRI_LAST, \
	}, \
	{ \
		.hook = in, \
		.pf = NFPROTO_INET, \
		.hooknum = NF_INET_LOCAL_IN, \
		.priority = NF_IP_PRI_LAST, \
	}, \
}

static const struct nf_hook_ops floor_accept_ops[] =
	FLOOR_OPS(floor_accept, floor_accept);
static const struct nf_hook_ops floor_lookup_ops[] =
	FLOOR_OPS(floor_out, floor_in);
static const struct nf_hook_ops *floor_ops;

static int __net_init floor_net_init(struct net *net)
{
	return nf_register_net_hooks(net, floor_ops, 2);
}

static void __net_exit floor_net_pre_exit(struct net *net)
{
	nf_unregister_net_hooks(net, floor_ops, 2);
}

static struct pernet_operations floor_net_ops = {
	.init = floor_net_init,
	.pre_exit = floor_net_pre_exit,
};

static int __init floor_init(void)
{
	floor_ops = lookup ? floor_lookup_ops : floor_accept_ops;
	return register_pernet_subsys(&floor_net_ops);
}

static void __exit floor_exit(void)
{
	unregister_pernet_subsys(&floor_net_ops);
}

module_init(floor_init);
module_exit(floor_exit);

MODULE_DESCRIPTION("hooks that do nothing, to compare with");
MODULE_LICENSE("GPL v2");
