// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may use the module's parameters. The mode of a file in sysfs asks for the
 * user alone, who in a container can be root without any capability.
 */
#include <linux/capability.h>

#include "param.h"
#include "probe.h"

/**
 * nta_param_allowed - may the caller read what costs, and change what works?
 *
 * Who loads the module sets parameters too.
 *
 * Context: process.
 */
bool nta_param_allowed(void)
{
	return capable(CAP_NET_ADMIN) || capable(CAP_SYS_MODULE);
}

#ifdef NETATOP_DEBUG
bool nta_break_probes;
module_param_named(break_probes, nta_break_probes, bool, 0);
MODULE_PARM_DESC(break_probes, "the probes tell nothing, as if nothing reached them");
#endif

static int nta_param_set_uint(const char *text, const struct kernel_param *kp)
{
	return nta_param_allowed() ? param_set_uint(text, kp) : -EPERM;
}

const struct kernel_param_ops nta_param_uint = {
	.set = nta_param_set_uint,
	.get = param_get_uint,
};

#ifdef NETATOP_DEBUG
bool nta_break_credit;
module_param_named(break_credit, nta_break_credit, bool, 0644);
MODULE_PARM_DESC(break_credit, "lose what is folded, to see tests fail");
#endif
