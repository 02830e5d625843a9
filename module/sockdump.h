/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_SOCKDUMP_H
#define _NTA_SOCKDUMP_H

struct netlink_callback;
struct nlattr;
struct nta_closed;
struct sk_buff;

int nta_sockdump(struct sk_buff *skb, struct netlink_callback *cb,
		 struct nlattr *const attrs[]);
int nta_sockdump_closed(struct sk_buff *skb, const struct nta_closed *closed);

#endif /* _NTA_SOCKDUMP_H */
