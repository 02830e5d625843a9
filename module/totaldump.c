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

static void nta_totaldump_counts(struct nta_message *m, const struct nta_exit_stats *exits)
{
	static const u16 type[NTA_CLASSES] = {
		[NTA_KERNEL] = NETATOP_A_KERNEL,
		[NTA_NOSOCKET] = NETATOP_A_NOSOCKET,
		[NTA_GONE] = NETATOP_A_GONE,
		[NTA_OVERFLOW] = NETATOP_A_OVERFLOW,
	};
	struct nta_sums sums;
	int class;

	nta_sums_read(&sums);
	nta_message_put_count(m, sums.totals.all);
	nta_message_put_nest(m, NETATOP_A_WAITING, sums.waiting);
	nta_message_put_nest(m, NETATOP_A_EXITED, exits->exited);
	nta_message_put_nest(m, NETATOP_A_NOCGROUP, sums.nocgroup);
	for (class = 0; class < NTA_CLASSES; class++)
		nta_message_put_nest(m, type[class], sums.totals.class[class]);
}

static void nta_totaldump_state(struct nta_message *m, const struct nta_exit_stats *exits)
{
	struct nta_switch_stats switched;
	struct nta_walk_stats walks;

	nta_walk_stats(&walks);
	nta_switch_stats(&switched);
	nta_message_put_u64(m, NETATOP_A_RECORDS, exits->queued);
	nta_message_put_u64(m, NETATOP_A_RECORDS_DROPPED, exits->dropped);
	nta_message_put_u64(m, NETATOP_A_READER_TIMEOUTS, exits->timeouts);
	nta_message_put_u64(m, NETATOP_A_WALKS, walks.walks);
	nta_message_put_u64(m, NETATOP_A_WALK_DESCRIPTORS, walks.descriptors);
	nta_message_put_u64(m, NETATOP_A_WALK_NS, walks.last_ns);
	nta_message_put_u64(m, NETATOP_A_ACCOUNTING, switched.on);
	nta_message_put_u64(m, NETATOP_A_PAUSES, switched.pauses);
	nta_message_put_u64(m, NETATOP_A_PAUSED_MS, switched.ms);
	nta_message_put_u64(m, NETATOP_A_LOADED, nta_totaldump_loaded);
}

static void nta_totaldump_tables(struct nta_message *m)
{
	nta_message_put_u64(m, NETATOP_A_SOCKETS, atomic_read(&nta_socks.nelems));
	nta_message_put_u64(m, NETATOP_A_SOCKET_OVERFLOWS,
			    atomic64_read(&nta_sock_overflows));
	nta_message_put_u64(m, NETATOP_A_UNOWNED, nta_unowned_any());
	nta_message_put_u64(m, NETATOP_A_TASKS, atomic_read(&nta_procs.nelems) +
						atomic_read(&nta_threads.nelems));
	nta_message_put_u64(m, NETATOP_A_TASK_OVERFLOWS,
			    atomic64_read(&nta_task_overflows));
	nta_message_put_u64(m, NETATOP_A_CGROUPS, atomic_read(&nta_cgroups.nelems));
	nta_message_put_u64(m, NETATOP_A_CGROUP_OVERFLOWS,
			    atomic64_read(&nta_cgroup_overflows));
}

static int nta_totaldump_message(struct sk_buff *skb)
{
	struct nta_exit_stats exits;
	struct nta_message m;

	if (!nta_message_begin(&m, skb, NTA_MESSAGE_ROOM_TOTAL, NETATOP_CMD_TOTAL))
		return -EMSGSIZE;
	nta_exit_stats(&exits);
	nta_totaldump_counts(&m, &exits);
	nta_totaldump_tables(&m);
	nta_totaldump_state(&m, &exits);
	nta_message_end(&m);
	return 0;
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
	return nta_message_reply(reply, info, nta_totaldump_message(reply));
}

/**
 * nta_totaldump_setup - note when the module was loaded
 */
void nta_totaldump_setup(void)
{
	nta_totaldump_loaded = ktime_get_boottime_ns();
}
