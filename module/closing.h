/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets that close, for whoever listens to that.
 */
#ifndef _NTA_CLOSING_H
#define _NTA_CLOSING_H

#include <linux/in6.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "totals.h"

struct nta_sock;
struct sock;

/**
 * struct nta_closed - what is told of a socket that closed
 * @key: see nta_sock_key(), without a scope
 * @family: AF_INET or AF_INET6
 * @netns: inode of its network namespace
 * @local: its own address; of IPv4 the first four bytes
 * @remote: that of the peer, likewise; all zeros without one
 * @sport: its own port
 * @dport: that of the peer; 0 without one
 * @end: when it closed, ns since boot
 * @kernel: of one without owner: is it the kernel's?
 * @tgid: process id of its owner; 0 without
 * @pid: thread id, likewise
 * @start: of the process, ns since boot
 * @comm: name of the process, behind whose end there may be anything
 * @uid: its real user id
 * @cgroup: id of its cgroup; without an owner, of the one where the socket was made; 0
 *	when that is not known
 * @count: what it carried since it was known, by flow
 */
struct nta_closed {
	u64 key;
	u8 family;
	u32 netns;
	struct in6_addr local;
	struct in6_addr remote;
	u16 sport;
	u16 dport;
	u64 end;
	bool kernel;
	u32 tgid;
	u32 pid;
	u64 start;
	char comm[TASK_COMM_LEN];
	kuid_t uid;
	u64 cgroup;
	struct nta_count count[NTA_FLOWS];
};

extern unsigned int nta_closing_records;

/* Is any socket about to close of which somebody wants to know? Any context. */
static inline bool nta_closing_any(void)
{
	return READ_ONCE(nta_closing_records);
}

bool nta_closing_is_wanted(void);
void nta_closing_count(u64 key, enum nta_flow flow, const struct nta_count *count);
void nta_closing_note(const struct sock *sk, u64 key, struct nta_sock *s, bool closed);

void nta_closing_on_close(bool (*heard)(void), void (*tell)(const struct nta_closed *closed));
void nta_closing_setup(void);
void nta_closing_forget(void);
void nta_closing_stop(void);
void nta_closing_teardown(void);

#endif /* _NTA_CLOSING_H */
