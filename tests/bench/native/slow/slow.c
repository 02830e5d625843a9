// SPDX-License-Identifier: GPL-2.0-only
/*
 * In the place of netatop, a module that takes a known time for each packet:
 * what the benchmark for real machines has to find.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/net_namespace.h>

static bool enabled = true;
module_param(enabled, bool, 0644);
MODULE_PARM_DESC(enabled, "take that time");

static uint delay;
module_param(delay, uint, 0644);
MODULE_PARM_DESC(delay, "nanoseconds a packet");

/* The same instructions with no delay, whether it is enabled or not. */
static unsigned int slow_accept(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	u64 ns = READ_ONCE(enabled) * READ_ONCE(delay);
	u64 begin;

	if (!ns)
		return NF_ACCEPT;
	begin = ktime_get_mono_fast_ns();
	while (ktime_get_mono_fast_ns() - begin < ns)
		cpu_relax();
	return NF_ACCEPT;
}

static const struct nf_hook_ops slow_ops[] = {
	{
		.hook = slow_accept,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_OUT,
		.priority = NF_IP_PRI_LAST,
	},
	{
		.hook = slow_accept,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_LAST,
	},
};

static int __net_init slow_net_init(struct net *net)
{
	return nf_register_net_hooks(net, slow_ops, ARRAY_SIZE(slow_ops));
}

static void __net_exit slow_net_pre_exit(struct net *net)
{
	nf_unregister_net_hooks(net, slow_ops, ARRAY_SIZE(slow_ops));
}

static struct pernet_operations slow_net_ops = {
	.init = slow_net_init,
	.pre_exit = slow_net_pre_exit,
};

static int __init slow_init(void)
{
	return register_pernet_subsys(&slow_net_ops);
}

static void __exit slow_exit(void)
{
	unregister_pernet_subsys(&slow_net_ops);
}

module_init(slow_init);
module_exit(slow_exit);

MODULE_DESCRIPTION("hooks that take a known time");
MODULE_LICENSE("GPL v2");
