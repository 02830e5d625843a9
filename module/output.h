/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_OUTPUT_H
#define _NTA_OUTPUT_H

#include <linux/netfilter.h>
#include <linux/skbuff.h>

unsigned int nta_output_v4(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state);
unsigned int nta_output_v6(void *priv, struct sk_buff *skb,
			   const struct nf_hook_state *state);

#endif /* _NTA_OUTPUT_H */
