/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_SEARCH_H
#define _NTA_SEARCH_H

#include <linux/sched.h>
#include <linux/types.h>

struct nta_sock;

/* Sockets found in one batch. */
#define NTA_SEARCH_FOUND	32

/**
 * struct nta_search - where a search is
 * @left: what the process may still cost; not positive: no more
 * @batch: descriptors left in this batch
 * @n: how many entries of @found are used
 * @found: entries without owner whose socket the process holds
 * @holders: sockets whose file has more references are left to others
 * @port: of the UDP sockets that are looked for; 0: any socket
 * @alone: tables that other processes use too are left to others
 * @cut: some process had more than it may cost
 * @descriptors: descriptors looked at
 */
struct nta_search {
	long left;
	unsigned int batch;
	unsigned int n;
	struct nta_sock *found[NTA_SEARCH_FOUND];
	long holders;
	__be16 port;
	bool alone;
	bool cut;
	u64 descriptors;
};

void nta_search_process(struct nta_search *search, struct task_struct *leader);
void nta_search_current(struct nta_search *search);
void nta_search_forget(void);

#endif /* _NTA_SEARCH_H */
