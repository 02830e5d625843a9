// SPDX-License-Identifier: GPL-2.0-only
/*
 * GET_CGROUP: what the tasks of each cgroup have carried, and what those of cgroups
 * that ended below it had.
 */
#include <net/genetlink.h>

#include "cgroup.h"
#include "cgroupdump.h"
#include "compat/cgroup.h"
#include "dump.h"
#include "message.h"
#include "snapshot.h"
#include "unowned.h"
#include "uapi/netatop_netlink.h"

/* Bytes of a path that readers are told of at most, with the zero; and of a message about it. */
#define NTA_CGROUPDUMP_PATH	1024
#define NTA_CGROUPDUMP_ROOM	(NTA_MESSAGE_ROOM + NLA_HDRLEN + NTA_CGROUPDUMP_PATH)

/* Where @cgroup is, if that is not too long. */
static void nta_cgroupdump_put_path(struct nta_message *m, struct cgroup *cgroup)
{
	char *path = (char *)m->at + NLA_HDRLEN;
	unsigned int len = nta_kernel_cgroup_path(cgroup, path, NTA_CGROUPDUMP_PATH);

	if (len)
		nta_message_put_written(m, NETATOP_A_PATH, len);
}

/*
 * One message about a cgroup, of dump @cb unless that is NULL; @cgroup is the kernel's own, or
 * NULL. 0, or -EMSGSIZE without room.
 */
static int nta_cgroupdump_message(struct sk_buff *skb, const struct netlink_callback *cb,
				  u8 command, const struct nta_cgroup_sums *sums,
				  struct cgroup *cgroup)
{
	struct nta_message m;

	if (!nta_message_begin(&m, skb, NTA_CGROUPDUMP_ROOM, command))
		return -EMSGSIZE;
	if (cb)
		nta_message_begin_dumped(&m, cb);
	nta_message_put_u64(&m, NETATOP_A_CGROUP, sums->id);
	if (sums->above)
		nta_message_put_u64(&m, NETATOP_A_PARENT_CGROUP, sums->above);
	nta_message_put_count(&m, sums->own);
	nta_message_put_nest(&m, NETATOP_A_ENDED_BELOW, sums->below);
	nta_message_put_nest(&m, NETATOP_A_WAITING, sums->waiting);
	if (cgroup)
		nta_cgroupdump_put_path(&m, cgroup);
	nta_message_end(&m);
	return 0;
}

/* Likewise, about one that is known, and what it has by now. */
static int nta_cgroupdump_group(struct sk_buff *skb, const struct netlink_callback *cb,
				struct nta_cgroup *group)
{
	struct cgroup *cgroup = nta_cgroup_hold(group);
	struct nta_cgroup_sums sums;
	int err;

	nta_cgroup_read(group, &sums);
	err = nta_cgroupdump_message(skb, cb, NETATOP_CMD_CGROUP, &sums, cgroup);
	if (cgroup)
		nta_kernel_cgroup_put(cgroup);
	return err;
}

/* nta_dump_put_fn: the cgroup at @node. */
static int nta_cgroupdump_put(struct sk_buff *skb, struct rhash_head *node, void *arg)
{
	return nta_cgroupdump_group(skb, arg, container_of(node, struct nta_cgroup, node));
}

/* Bring all sums up to date: of what tasks own, and of what waits for an owner. */
static void nta_cgroupdump_refresh(void)
{
	struct nta_unowned_sums unowned;

	nta_snapshot_fold();
	nta_unowned_sum(&unowned);
}

/**
 * nta_cgroupdump - GET_CGROUP with NLM_F_DUMP
 * @skb: the next message
 * @cb: the dump
 *
 * Context: process; sleeps.
 * Return: length of the message, 0 at the end, or a negative errno.
 */
int nta_cgroupdump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nta_dump *at = (void *)cb->ctx;
	int err;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->ctx));
	if (!at->table)
		nta_cgroupdump_refresh();
	err = nta_dump_fill(skb, &nta_cgroups, at, nta_cgroupdump_put, cb);
	return skb->len ?: err;
}

/**
 * nta_cgroupdump_one - GET_CGROUP for one cgroup
 * @skb: the request
 * @info: likewise
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int nta_cgroupdump_one(struct sk_buff *skb, struct genl_info *info)
{
	struct nta_cgroup *group;
	struct sk_buff *reply;
	int err;

	if (!info->attrs[NETATOP_A_CGROUP])
		return -EINVAL;
	nta_cgroupdump_refresh();
	group = nta_cgroup_find(nla_get_u64(info->attrs[NETATOP_A_CGROUP]));
	if (!group)
		return -ENOENT;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = reply ? nta_cgroupdump_group(reply, NULL, group) : -ENOMEM;
	nta_cgroup_put(group);
	return reply ? nta_message_reply(reply, info, err) : err;
}

/**
 * nta_cgroupdump_end - tell of a cgroup that ended
 * @skb: where to
 * @sums: what it had carried
 * @cgroup: the kernel's own, held
 *
 * Return: 0 or a negative errno.
 */
int nta_cgroupdump_end(struct sk_buff *skb, const struct nta_cgroup_sums *sums,
		       struct cgroup *cgroup)
{
	return nta_cgroupdump_message(skb, NULL, NETATOP_CMD_CGROUP_END, sums, cgroup);
}
