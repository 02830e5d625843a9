// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the netlink family says of all packets together, and of the module.
 */
#include <linux/timekeeping.h>

#include "cgroup.h"
#include "exit.h"
#include "message.h"
#include "sock.h"
#include "sums.h"
#include "switch.h"
#include "task.h"
#include "totaldump.h"
#include "uapi/netatop_netlink.h"
#include "unowned.h"
#include "walk.h"

/* When the module was loaded, ns since boot. */
static u64 nta_totaldump_loaded __ro_after_init;

static int nta_totaldump_counts(struct sk_buff *skb,
				const struct nta_exit_stats *exits)
{
	static const int type[NTA_CLASSES] = {
		[NTA_KERNEL] = NETATOP_A_KERNEL,
		[NTA_NOSOCKET] = NETATOP_A_NOSOCKET,
		[NTA_GONE] = NETATOP_A_GONE,
		[NTA_OVERFLOW] = NETATOP_A_OVERFLOW,
	};
	struct nta_sums sums;
	int class, err;

	nta_sums_read(&sums);
	err = nta_message_put_count(skb, sums.totals.all) ?:
	      nta_message_put_nest(skb, NETATOP_A_WAITING, sums.waiting) ?:
	      nta_message_put_nest(skb, NETATOP_A_EXITED, exits->exited) ?:
	      nta_message_put_nest(skb, NETATOP_A_NOCGROUP, sums.nocgroup);
	for (class = 0; !err && class < NTA_CLASSES; class++)
		err = nta_message_put_nest(skb, type[class], sums.totals.class[class]);
	return err;
}

static int nta_totaldump_state(struct sk_buff *skb,
			       const struct nta_exit_stats *exits)
{
	struct nta_switch_stats switched;
	struct nta_walk_stats walks;
	int err;

	nta_walk_stats(&walks);
	nta_switch_stats(&switched);
	err = nta_message_put_u64(skb, NETATOP_A_RECORDS, exits->queued) ?:
	      nta_message_put_u64(skb, NETATOP_A_RECORDS_DROPPED, exits->dropped) ?:
	      nta_message_put_u64(skb, NETATOP_A_READER_TIMEOUTS, exits->timeouts) ?:
	      nta_message_put_u64(skb, NETATOP_A_WALKS, walks.walks) ?:
	      nta_message_put_u64(skb, NETATOP_A_WALK_DESCRIPTORS, walks.descriptors) ?:
	      nta_message_put_u64(skb, NETATOP_A_WALK_NS, walks.last_ns) ?:
	      nta_message_put_u64(skb, NETATOP_A_ACCOUNTING, switched.on) ?:
	      nta_message_put_u64(skb, NETATOP_A_PAUSES, switched.pauses) ?:
	      nta_message_put_u64(skb, NETATOP_A_PAUSED_MS, switched.ms);
	return err ?: nta_message_put_u64(skb, NETATOP_A_LOADED, nta_totaldump_loaded);
}

static int nta_totaldump_tables(struct sk_buff *skb)
{
	return nta_message_put_u64(skb, NETATOP_A_SOCKETS,
				   atomic_read(&nta_socks.nelems)) ?:
	       nta_message_put_u64(skb, NETATOP_A_SOCKET_OVERFLOWS,
				   atomic64_read(&nta_sock_overflows)) ?:
	       nta_message_put_u64(skb, NETATOP_A_UNOWNED, nta_unowned_any()) ?:
	       nta_message_put_u64(skb, NETATOP_A_TASKS,
				   atomic_read(&nta_procs.nelems) +
				   atomic_read(&nta_threads.nelems)) ?:
	       nta_message_put_u64(skb, NETATOP_A_TASK_OVERFLOWS,
				   atomic64_read(&nta_task_overflows)) ?:
	       nta_message_put_u64(skb, NETATOP_A_CGROUPS,
				   atomic_read(&nta_cgroups.nelems)) ?:
	       nta_message_put_u64(skb, NETATOP_A_CGROUP_OVERFLOWS,
				   atomic64_read(&nta_cgroup_overflows));
}

static int nta_totaldump_message(struct sk_buff *skb, const struct genl_info *info)
{
	void *header = nta_message_begin(skb, info->snd_portid, info->snd_seq, 0,
					 NETATOP_CMD_TOTAL);
	struct nta_exit_stats exits;
	int err;

	if (!header)
		return -EMSGSIZE;
	nta_exit_stats(&exits);
	err = nta_totaldump_counts(skb, &exits) ?:
	      nta_totaldump_tables(skb) ?:
	      nta_totaldump_state(skb, &exits);
	return nta_message_end(skb, header, err);
}

/**
 * nta_totaldump - GET_TOTAL
 * @skb: the request
 * @info: likewise
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int nta_totaldump(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!reply)
		return -ENOMEM;
	return nta_message_reply(reply, info, nta_totaldump_message(reply, info));
}

/**
 * nta_totaldump_setup - note when the module was loaded
 */
void nta_totaldump_setup(void)
{
	nta_totaldump_loaded = ktime_get_boottime_ns();
}
