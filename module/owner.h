/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_OWNER_H
#define _NTA_OWNER_H

#include <linux/types.h>

#include "sock.h"

struct nta_proc;
struct nta_thread;
struct task_struct;

/* Packet path: softirq or process, under rcu_read_lock(). */
bool nta_owner_claim(struct nta_sock *s, struct task_struct *task,
		     enum nta_claim claim);
void nta_owner_read(struct nta_sock *s, struct task_struct *task, u32 written);
void nta_owner_resolve(struct nta_sock *s, struct task_struct *task);
void nta_owner_close(struct nta_thread *thread);
void nta_owner_drop_closed(const u64 *keys, unsigned int n);
void nta_owner_share(struct nta_sock *s, const struct nta_sock *with);
bool nta_owner_claim_new(struct nta_sock *s, struct task_struct *task,
			 enum nta_claim claim);
void nta_owner_park(struct nta_sock *s, const struct sock *sk, enum nta_handed handed);
void nta_owner_hand(struct nta_sock *s, enum nta_handed handed);

/* Process context, with nta_task_mutex held. */
void nta_owner_fold_thread(struct nta_thread *thread);
void nta_owner_fold_proc(struct nta_proc *proc);
void nta_owner_expire(struct nta_thread *thread, bool pressed);
void nta_owner_inherit(struct nta_thread *from, struct nta_thread *to);
void nta_owner_release(struct nta_thread *thread);

#endif /* _NTA_OWNER_H */
