/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_CGROUPDUMP_H
#define _NTA_CGROUPDUMP_H

#include <linux/netlink.h>
#include <linux/skbuff.h>

struct cgroup;
struct genl_info;
struct nta_cgroup_sums;

int nta_cgroupdump_one(struct sk_buff *skb, struct genl_info *info);
int nta_cgroupdump(struct sk_buff *skb, struct netlink_callback *cb);
int nta_cgroupdump_end(struct sk_buff *skb, const struct nta_cgroup_sums *sums,
		       struct cgroup *cgroup);

#endif /* _NTA_CGROUPDUMP_H */
