// SPDX-License-Identifier: GPL-2.0-only
/*
 * The getsockopt commands of uapi/netatop.h.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/uaccess.h>

#include "identity.h"
#include "ctl.h"
#include "exit.h"
#include "snapshot.h"
#include "task.h"
#include "uapi/netatop.h"
#include "walk.h"

/**
 * struct nta_pertask_64 - struct netpertask as 64-bit programs have it
 * @id: process or thread id
 * @hole: padding, always 0
 * @btime: start time, seconds since the epoch
 * @command: task name
 * @count: packets and bytes by flow, over all interfaces
 */
struct nta_pertask_64 {
	s32 id;
	u32 hole;
	u64 btime;
	char command[NETATOP_COMMAND_LEN];
	struct nta_count count[NTA_LOOPBACK];
};

/**
 * struct nta_pertask_32 - struct netpertask as 32-bit programs have it
 * @id: process or thread id
 * @btime: start time, seconds since the epoch
 * @command: task name
 * @count: packets and bytes by flow, over all interfaces
 */
struct nta_pertask_32 {
	s32 id;
	u32 btime;
	char command[NETATOP_COMMAND_LEN];
	struct nta_count count[NTA_LOOPBACK];
} __packed;

static_assert(sizeof(struct netpertask) == 96);
static_assert(sizeof(struct nta_pertask_64) == sizeof(struct netpertask));
static_assert(offsetof(struct nta_pertask_64, btime) ==
	      offsetof(struct netpertask, btime));
static_assert(offsetof(struct nta_pertask_64, command) ==
	      offsetof(struct netpertask, command));
static_assert(offsetof(struct nta_pertask_64, count) ==
	      offsetof(struct netpertask, tcpsndpacks));
static_assert(sizeof(struct nta_pertask_32) == 88);
static_assert(sizeof(struct netatop_exit) == 192);
static_assert(sizeof(struct nta_count[NTA_LOOPBACK]) ==
	      sizeof_field(struct netatop_exit, count));
static_assert(sizeof(struct nta_count[NTA_FLOWS - NTA_LOOPBACK]) ==
	      sizeof_field(struct netatop_exit, loopback));

/* What a command answers, before it takes the caller's layout. */
struct nta_answer {
	pid_t id;
	u64 btime;
	char command[NETATOP_COMMAND_LEN];
	struct nta_count count[NTA_FLOWS];
};

/* Every byte that is copied has been written: both layouts start as zeros. */
static int nta_ctl_reply(const struct nta_answer *answer, void __user *user,
			 int *len)
{
	union {
		struct nta_pertask_64 native;
		struct nta_pertask_32 compat;
	} reply;
	struct nta_count count[NTA_LOOPBACK];
	size_t size;
	int flow;

	for (flow = 0; flow < NTA_LOOPBACK; flow++)
		count[flow] = nta_count_both(answer->count, flow);
	memset(&reply, 0, sizeof(reply));
	if (in_compat_syscall()) {
		size = sizeof(reply.compat);
		reply.compat.id = answer->id;
		reply.compat.btime = answer->btime;
		memcpy(reply.compat.command, answer->command, NETATOP_COMMAND_LEN);
		memcpy(reply.compat.count, count, sizeof(count));
	} else {
		size = sizeof(reply.native);
		reply.native.id = answer->id;
		reply.native.btime = answer->btime;
		memcpy(reply.native.command, answer->command, NETATOP_COMMAND_LEN);
		memcpy(reply.native.count, count, sizeof(count));
	}
	size = min_t(size_t, size, *len);
	if (copy_to_user(user, &reply, size))
		return -EFAULT;
	*len = size;
	return 0;
}

static int nta_ctl_read_proc(struct pid *pid, struct nta_answer *answer)
{
	struct nta_proc *proc = nta_proc_find(pid);
	bool any;

	if (!proc)
		return -ESRCH;
	any = nta_snapshot_proc(proc, answer->count);
	nta_proc_put(proc);
	return any ? 0 : -ESRCH;
}

static int nta_ctl_read_thread(struct pid *pid, struct nta_answer *answer)
{
	struct nta_thread *thread = nta_snapshot_find_thread(pid);
	bool any;

	if (!thread)
		return -ESRCH;
	any = nta_snapshot_thread(thread, answer->count);
	nta_thread_put(thread);
	return any ? 0 : -ESRCH;
}

/* Sleeps: a process that waits for an owner search is worth the wait. */
static int nta_ctl_get_task(bool thread, void __user *user, int *len)
{
	struct nta_answer answer = {};
	struct task_struct *task;
	struct pid *pid;
	int err;

	if (*len < (int)sizeof(answer.id))
		return -EINVAL;
	if (copy_from_user(&answer.id, user, sizeof(answer.id)))
		return -EFAULT;
	pid = find_get_pid(answer.id);
	task = get_pid_task(pid, PIDTYPE_PID);
	err = -ESRCH;
	if (!task)
		goto put_pid;
	/* A walk gives what it finds to the leader: others need none. */
	if (!thread || thread_group_leader(task))
		nta_walk_pid(pid);
	err = thread ? nta_ctl_read_thread(pid, &answer) :
		       nta_ctl_read_proc(pid, &answer);
	if (err)
		goto put_task;
	answer.btime = nta_task_btime(task);
	get_task_comm(answer.command, task);
	err = nta_ctl_reply(&answer, user, len);
put_task:
	put_task_struct(task);
put_pid:
	put_pid(pid);
	return err;
}

static int nta_ctl_reply_short(const struct nta_proc *proc, void __user *user,
			       int *len)
{
	struct nta_answer answer = {
		.id = pid_vnr(proc->pid),
		.btime = proc->btime,
	};

	memcpy(answer.command, proc->command, NETATOP_COMMAND_LEN);
	memcpy(answer.count, proc->count, sizeof(answer.count));
	return nta_ctl_reply(&answer, user, len);
}

static int nta_ctl_reply_long(const struct nta_proc *proc, void __user *user,
			      int *len)
{
	struct nta_count count[NTA_LOOPBACK];
	struct netatop_exit reply;
	size_t size;
	int flow;

	for (flow = 0; flow < NTA_LOOPBACK; flow++)
		count[flow] = nta_count_both(proc->count, flow);
	memset(&reply, 0, sizeof(reply));
	reply.id = pid_vnr(proc->pid);
	if (task_active_pid_ns(current) == &init_pid_ns)
		reply.parent = proc->ppid;
	reply.uid = from_kuid_munged(current_user_ns(), proc->uid);
	reply.netns = proc->netns;
	reply.btime = proc->btime;
	reply.start = proc->start;
	reply.end = proc->end;
	reply.cgroup = proc->cgroup;
	memcpy(reply.command, proc->command, NETATOP_COMMAND_LEN);
	memcpy(reply.count, count, sizeof(reply.count));
	memcpy(reply.loopback, &proc->count[NTA_LOOPBACK], sizeof(reply.loopback));
	size = min_t(size_t, sizeof(reply), *len);
	if (copy_to_user(user, &reply, size))
		return -EFAULT;
	*len = size;
	return 0;
}

/* Sleeps, interruptibly, until there is a record. */
static int nta_ctl_get_exit(void __user *user, int *len,
			    int (*reply)(const struct nta_proc *proc,
					 void __user *user, int *len))
{
	struct nta_proc *proc;
	int err;

	if (*len < (int)sizeof(pid_t))
		return -EINVAL;
	proc = nta_exit_take();
	if (IS_ERR(proc))
		return PTR_ERR(proc);
	err = reply(proc, user, len);
	if (err)
		nta_exit_untake(proc);
	else
		nta_proc_put(proc);
	return err;
}

/* Process context; the netfilter core holds a reference to the module. */
static int nta_ctl_get(struct sock *sk, int command, void __user *user,
		       int *len)
{
	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	switch (command) {
	case NETATOP_PROBE:
		return 0;
	case NETATOP_FORCE_GC:
		nta_walk_now();
		nta_exit_flush();
		return 0;
	case NETATOP_EMPTY_EXIT:
		return nta_exit_wait_empty();
	case NETATOP_GETCNT_EXIT:
		return nta_ctl_get_exit(user, len, nta_ctl_reply_short);
	case NETATOP_GETCNT_EXIT_LONG:
		return nta_ctl_get_exit(user, len, nta_ctl_reply_long);
	case NETATOP_GETCNT_TGID:
		return nta_ctl_get_task(false, user, len);
	case NETATOP_GETCNT_PID:
		return nta_ctl_get_task(true, user, len);
	}
	return -EINVAL;
}

static struct nf_sockopt_ops nta_sockopts = {
	.pf = PF_INET,
	.get_optmin = NETATOP_PROBE,
	.get_optmax = NETATOP_GETCNT_EXIT_LONG + 1,
	.get = nta_ctl_get,
	.owner = THIS_MODULE,
};

/**
 * nta_ctl_setup - answer getsockopt
 *
 * Return: 0; -EBUSY when another module has these numbers.
 */
int nta_ctl_setup(void)
{
	return nf_register_sockopt(&nta_sockopts);
}

/**
 * nta_ctl_teardown - answer no more
 */
void nta_ctl_teardown(void)
{
	nf_unregister_sockopt(&nta_sockopts);
}
