/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_TOTALDUMP_H
#define _NTA_TOTALDUMP_H

struct genl_info;
struct sk_buff;

int nta_totaldump(struct sk_buff *skb, struct genl_info *info);
void nta_totaldump_setup(void);

#endif /* _NTA_TOTALDUMP_H */
