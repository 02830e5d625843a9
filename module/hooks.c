// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where packets are seen, in every network namespace. Both hooks come after
 * the firewall's, so that what it drops is neither sent nor received, and both
 * always accept.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/net_namespace.h>

#include "choice.h"
#include "credit.h"
#include "frag_net.h"
#include "hooks.h"
#include "input.h"
#include "output.h"

#define NTA_HOOK(function, family, number) { \
	.hook = function, \
	.pf = family, \
	.hooknum = number, \
	.priority = NF_IP_PRI_LAST, \
}

/* One function for each, so that the compiler knows the family. */
static const struct nf_hook_ops nta_hook_ops[] = {
	NTA_HOOK(nta_output_v4, NFPROTO_IPV4, NF_INET_LOCAL_OUT),
	NTA_HOOK(nta_output_v6, NFPROTO_IPV6, NF_INET_LOCAL_OUT),
	NTA_HOOK(nta_input_v4, NFPROTO_IPV4, NF_INET_LOCAL_IN),
	NTA_HOOK(nta_input_v6, NFPROTO_IPV6, NF_INET_LOCAL_IN),
};

static int __net_init nta_net_init(struct net *net)
{
	nta_frag_net_begin(net);
	return nf_register_net_hooks(net, nta_hook_ops,
				     ARRAY_SIZE(nta_hook_ops));
}

static void __net_exit nta_net_pre_exit(struct net *net)
{
	nf_unregister_net_hooks(net, nta_hook_ops, ARRAY_SIZE(nta_hook_ops));
}

static struct pernet_operations nta_net_ops = {
	.init = nta_net_init,
	.pre_exit = nta_net_pre_exit,
	.exit = nta_frag_net_end,
};

/**
 * nta_hooks_setup - see the packets of every network namespace
 *
 * Return: 0 or a negative errno.
 */
int nta_hooks_setup(void)
{
	int err;

	nta_credit_setup();
	err = register_pernet_subsys(&nta_net_ops);
	if (err)
		nta_choice_teardown();
	return err;
}

/**
 * nta_hooks_teardown - see no packets any more
 *
 * Afterwards no packet is under way in the module.
 */
void nta_hooks_teardown(void)
{
	unregister_pernet_subsys(&nta_net_ops);
	synchronize_net();
	nta_choice_teardown();
}
