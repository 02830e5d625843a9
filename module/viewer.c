// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may see a task: who has CAP_NET_ADMIN in the initial user namespace sees all.
 * Anybody else sees the processes that he could look into by ptrace (for reading),
 * and of these only such as run wholly as himself. The kernel's own answer,
 * ptrace_may_access(), is not exported: what it asks is asked here, and where that
 * differs this is stricter.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/uidgid.h>
#include <net/sock.h>

#include "compat/dumpable.h"
#include "viewer.h"

/* A process with more threads is not shown: each is looked at, in one go. */
#define NTA_VIEWER_THREADS	4096

/* Is every id of @cred that of the current task? */
static bool nta_viewer_is_current(const struct cred *cred)
{
	kuid_t uid = current_uid();
	kgid_t gid = current_gid();

	return uid_eq(cred->uid, uid) && uid_eq(cred->euid, uid) &&
	       uid_eq(cred->suid, uid) && uid_eq(cred->fsuid, uid) &&
	       gid_eq(cred->gid, gid) && gid_eq(cred->egid, gid) &&
	       gid_eq(cred->sgid, gid) && gid_eq(cred->fsgid, gid);
}

/* Has it nothing that the current task cannot do as well? Under RCU. */
static bool nta_viewer_is_as_able(const struct cred *cred)
{
	const struct cred *own = current_cred();

	return (cred->user_ns == own->user_ns &&
		cap_issubset(cred->cap_permitted, own->cap_effective)) ||
	       ns_capable_noaudit(cred->user_ns, CAP_SYS_PTRACE);
}

/* Has the current task opened the socket of a request, or somebody who is the same? */
static bool nta_viewer_is_opener(const struct sk_buff *request)
{
	const struct socket *socket = NETLINK_CB(request).sk->sk_socket;

	return socket && socket->file && nta_viewer_is_current(socket->file->f_cred);
}

/**
 * nta_viewer_init - who reads?
 * @viewer: receives it; to be cleaned
 * @request: what he asked by
 *
 * Who has a set-uid program read or write his socket gets nothing by that: the
 * one who opened it and the current task must be one user.
 *
 * Context: process, of the reader.
 */
void nta_viewer_init(struct nta_viewer *viewer, const struct sk_buff *request)
{
	*viewer = (struct nta_viewer) {
		.all = netlink_capable(request, CAP_NET_ADMIN),
		.one = nta_viewer_is_current(current_cred()) &&
		       nta_viewer_is_opener(request),
	};
}

/* Has every thread of a process the ids of the current task, and can it do no more? */
static bool nta_viewer_is_own(struct task_struct *leader)
{
	bool same = same_thread_group(leader, current);
	struct task_struct *task;
	int n = 0;

	for_each_thread(leader, task) {
		const struct cred *cred = __task_cred(task);

		if (++n > NTA_VIEWER_THREADS || !nta_viewer_is_current(cred) ||
		    !(same || nta_viewer_is_as_able(cred)))
			return false;
	}
	return true;
}

/* May who runs as the same user look into a process? Its threads share their memory. */
static bool nta_viewer_is_open(struct task_struct *leader)
{
	enum nta_dumpable dumpable;
	struct task_struct *task;

	for_each_thread(leader, task) {
		dumpable = nta_dumpable(task);
		if (dumpable != NTA_DUMPABLE_UNKNOWN)
			return dumpable == NTA_DUMPABLE_YES;
	}
	return false;
}

/* Under RCU. Who gives up privileges has said that it is not open before. */
static bool nta_viewer_sees_process(struct task_struct *leader)
{
	if (!nta_viewer_is_own(leader))
		return false;
	/* Pairs with the kernel's smp_wmb() where it changes credentials. */
	smp_rmb();
	return same_thread_group(leader, current) || nta_viewer_is_open(leader);
}

/**
 * nta_viewer_sees - may a reader see a process?
 * @viewer: the reader
 * @tgid: the process
 *
 * What is found is kept until the viewer is cleaned, for a few processes.
 *
 * Context: process, of the reader.
 * Return: true also when it has ended, for who sees all.
 */
bool nta_viewer_sees(struct nta_viewer *viewer, struct pid *tgid)
{
	u32 slot = hash_ptr(tgid, NTA_VIEWER_BITS);
	struct task_struct *leader;

	if (viewer->all || !viewer->one)
		return viewer->all;
	if (viewer->judged[slot] == tgid)
		return viewer->seen[slot];
	put_pid(viewer->judged[slot]);
	viewer->judged[slot] = get_pid(tgid);
	rcu_read_lock();
	leader = pid_task(tgid, PIDTYPE_TGID);
	viewer->seen[slot] = leader && nta_viewer_sees_process(leader);
	rcu_read_unlock();
	return viewer->seen[slot];
}

/**
 * nta_viewer_clean - forget what was found
 * @viewer: the reader
 */
void nta_viewer_clean(struct nta_viewer *viewer)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(viewer->judged); i++)
		put_pid(viewer->judged[i]);
}
