/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who reads by netlink, and which tasks he may see.
 */
#ifndef _NTA_VIEWER_H
#define _NTA_VIEWER_H

#include <linux/types.h>

struct pid;
struct sk_buff;

#define NTA_VIEWER_BITS		4

/**
 * struct nta_viewer - who reads
 * @all: he may see everything
 * @one: he is one user and nobody else, who may see what is his own
 * @judged: processes that were looked at last, with references
 * @seen: which of these he may see
 */
struct nta_viewer {
	bool all;
	bool one;
	struct pid *judged[1 << NTA_VIEWER_BITS];
	bool seen[1 << NTA_VIEWER_BITS];
};

void nta_viewer_init(struct nta_viewer *viewer, const struct sk_buff *request);
bool nta_viewer_sees(struct nta_viewer *viewer, struct pid *tgid);
void nta_viewer_clean(struct nta_viewer *viewer);

#endif /* _NTA_VIEWER_H */
