// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connections that closed last, for each CPU. The stack may still send for a
 * connection that is no more (a reset, when a program closes without having read), so
 * its entry stays a while; but not until the next collection, where thousands close in a
 * second.
 */
#include <linux/percpu.h>

#include "recent.h"

/**
 * struct nta_recent - the connections that closed last on a CPU, which has bottom halves off
 * @key: of each, in two halves that are filled in turn; 0 for none. See nta_sock_key()
 * @next: which is the oldest
 */
struct nta_recent {
	u64 key[2 * NTA_RECENT];
	unsigned int next;
};

static struct nta_recent __percpu *nta_recents;

/**
 * nta_recent_close - a connection is no more
 * @key: of its entry
 *
 * Context: softirq or process, bottom halves off.
 * Return: mostly NULL; else the keys of NTA_RECENT that closed before, each with that
 * many after it on this CPU, until bottom halves are on again.
 */
const u64 *nta_recent_close(u64 key)
{
	struct nta_recent *recent = this_cpu_ptr(nta_recents);

	recent->key[recent->next++ % (2 * NTA_RECENT)] = key;
	if (recent->next % NTA_RECENT)
		return NULL;
	return &recent->key[recent->next % (2 * NTA_RECENT)];
}

/**
 * nta_recent_setup - begin with none
 *
 * Return: 0 or a negative errno.
 */
int nta_recent_setup(void)
{
	nta_recents = alloc_percpu(struct nta_recent);
	return nta_recents ? 0 : -ENOMEM;
}

/**
 * nta_recent_teardown - forget all; no connection may close any more
 */
void nta_recent_teardown(void)
{
	free_percpu(nta_recents);
}
