// SPDX-License-Identifier: GPL-2.0-only
/*
 * netatop: network counters per process and thread. Here is only the order in
 * which the parts are set up and torn down; docs/design.md shows the whole.
 */
#include <linux/module.h>

#include "cgroup.h"
#include "check.h"
#include "closing.h"
#include "collect.h"
#include "ctl.h"
#include "exit.h"
#include "fold.h"
#include "frag.h"
#include "lookup.h"
#include "netlink.h"
#include "param.h"
#include "proc.h"
#include "recent.h"
#include "selftest.h"
#include "sock.h"
#include "switch.h"
#include "task.h"
#include "walk.h"

module_param_cb(max_sockets, &nta_param_uint, &nta_max_sockets, 0644);
__MODULE_PARM_TYPE(max_sockets, "uint");
MODULE_PARM_DESC(max_sockets, "most sockets that are known at a time; what exceeds it is counted as overflow (default 1048576)");
module_param_cb(max_tasks, &nta_param_uint, &nta_max_tasks, 0644);
__MODULE_PARM_TYPE(max_tasks, "uint");
MODULE_PARM_DESC(max_tasks, "most processes and threads that are known at a time; what exceeds it is counted as overflow (default 262144)");
module_param_cb(max_cgroups, &nta_param_uint, &nta_max_cgroups, 0644);
__MODULE_PARM_TYPE(max_cgroups, "uint");
MODULE_PARM_DESC(max_cgroups, "most cgroups that are known at a time; what is carried in others is counted together (default 65536)");
module_param_cb(max_exits, &nta_param_uint, &nta_max_exits, 0644);
__MODULE_PARM_TYPE(max_exits, "uint");
MODULE_PARM_DESC(max_exits, "most records of exited processes that wait for a reader; the oldest are dropped and counted (default 65536)");

/* Everything but fragments, the switch and the ways in: the reverse of nta_setup_core(). */
static void nta_teardown_core(void)
{
	nta_walk_stop();
	nta_collect_stop();
	nta_exit_stop();
	nta_closing_stop();
	nta_recent_teardown();
	nta_sock_teardown();
	nta_closing_teardown();
	nta_task_clean();
	nta_exit_teardown();
	nta_task_teardown();
	nta_cgroup_teardown();
	nta_walk_teardown();
	nta_collect_teardown();
}

/* Debug builds can be told which step of loading fails. */
static int __init nta_step(int (*setup)(void))
{
	return nta_selftest_step() ?: setup();
}

static int __init nta_setup_core(void)
{
	int err;

	nta_fold_setup();
	nta_closing_setup();
	err = nta_step(nta_cgroup_setup);
	if (err)
		return err;
	err = nta_step(nta_exit_setup);
	if (err)
		goto err_cgroup;
	err = nta_step(nta_task_setup);
	if (err)
		goto err_exit;
	err = nta_step(nta_sock_setup);
	if (err)
		goto err_task;
	err = nta_step(nta_recent_setup);
	if (err)
		goto err_sock;
	err = nta_step(nta_walk_setup);
	if (err)
		goto err_recent;
	err = nta_step(nta_collect_setup);
	if (err)
		goto err_walk;
	return 0;

err_walk:
	nta_walk_teardown();
err_recent:
	nta_recent_teardown();
err_sock:
	nta_sock_teardown();
err_task:
	nta_task_clean();
	nta_task_teardown();
err_exit:
	nta_exit_teardown();
err_cgroup:
	nta_cgroup_teardown();
	return err;
}

static int __init nta_init(void)
{
	int err;

	err = nta_setup_core();
	if (err)
		return err;
	err = nta_step(nta_frag_setup);
	if (err)
		goto err_core;
	err = nta_step(nta_lookup_setup);
	if (err)
		goto err_frag;
	err = nta_step(nta_selftest);
	if (err)
		goto err_frag;
	err = nta_step(nta_switch_setup);
	if (err)
		goto err_frag;
	err = nta_step(nta_proc_file_setup);
	if (err)
		goto err_switch;
	err = nta_step(nta_ctl_setup);
	if (err)
		goto err_proc;
	err = nta_step(nta_netlink_setup);
	if (err)
		goto err_ctl;
	nta_check_setup();
	pr_info("version %s\n", NETATOP_VERSION);
	if (NTA_KERNEL_UNTESTED)
		pr_notice("this kernel is newer than %d.%d, the newest one tested\n",
			  NTA_TESTED_MAJOR, NTA_TESTED_MINOR);
	return 0;

err_ctl:
	nta_ctl_teardown();
err_proc:
	nta_proc_file_teardown();
err_switch:
	nta_switch_teardown();
err_frag:
	nta_frag_teardown();
err_core:
	nta_teardown_core();
	return err;
}

static void __exit nta_exit(void)
{
	nta_check_teardown();
	nta_netlink_teardown();
	nta_ctl_teardown();
	nta_proc_file_teardown();
	nta_switch_teardown();
	nta_frag_teardown();
	nta_teardown_core();
}

module_init(nta_init);
module_exit(nta_exit);

MODULE_DESCRIPTION("network counters per process and thread");
MODULE_AUTHOR("netatop maintainers");
MODULE_LICENSE("GPL v2");
MODULE_VERSION(NETATOP_VERSION);
