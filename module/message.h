/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_MESSAGE_H
#define _NTA_MESSAGE_H

#include <linux/types.h>
#include <net/genetlink.h>

#include "totals.h"

void *nta_message_begin(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			u8 command);
void *nta_message_begin_dumped(struct sk_buff *skb,
			       const struct netlink_callback *cb, u8 command);
int nta_message_put_u64(struct sk_buff *skb, int type, u64 value);
int nta_message_put_count(struct sk_buff *skb,
			  const struct nta_count count[NTA_FLOWS]);
int nta_message_put_nest(struct sk_buff *skb, int type,
			 const struct nta_count count[NTA_FLOWS]);
int nta_message_end(struct sk_buff *skb, void *header, int err);
int nta_message_reply(struct sk_buff *skb, struct genl_info *info, int err);

void nta_message_setup(const struct genl_family *family);

#endif /* _NTA_MESSAGE_H */
