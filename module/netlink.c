// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family of uapi/netatop_netlink.h. Handlers run in the
 * context of the reader, in parallel, and hold nothing from one message of a
 * dump to the next.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "cgroupdump.h"
#include "compat/genetlink.h"
#include "dump.h"
#include "event.h"
#include "exit.h"
#include "identity.h"
#include "message.h"
#include "netlink.h"
#include "snapshot.h"
#include "sockdump.h"
#include "task.h"
#include "totaldump.h"
#include "uapi/netatop_netlink.h"
#include "viewer.h"
#include "walk.h"

static bool nta_netlink_ready;

static const struct nla_policy nta_netlink_task_policy[NETATOP_A_MAX + 1] = {
	[NETATOP_A_TGID] = NLA_POLICY_MIN(NLA_U32, 1),
	[NETATOP_A_PID] = NLA_POLICY_MIN(NLA_U32, 1),
	[NETATOP_A_THREADS] = { .type = NLA_FLAG },
	[NETATOP_A_CGROUP] = { .type = NLA_U64 },
	[NETATOP_A_SINCE] = { .type = NLA_U64 },
};

static const struct nla_policy nta_netlink_no_policy[NETATOP_A_MAX + 1];

static const struct nla_policy nta_netlink_sock_policy[NETATOP_A_MAX + 1] = {
	[NETATOP_A_TGID] = NLA_POLICY_MIN(NLA_U32, 1),
	[NETATOP_A_NETNS] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy nta_netlink_cgroup_policy[NETATOP_A_MAX + 1] = {
	[NETATOP_A_CGROUP] = { .type = NLA_U64 },
};

/**
 * struct nta_identity - what names a task without /proc
 * @tgid: process id, in the reader's PID namespace
 * @pid: thread id, likewise; 0 for a process
 * @start: ns since boot
 * @end: likewise; 0 while it lives
 * @comm: name, behind whose end there may be anything
 * @uid: real user id
 * @cgroup: id of the cgroup, 0 when the kernel has none
 * @ppid: process id of the parent; 0 while it lives
 * @netns: inode of its network namespace; 0 while it lives
 */
struct nta_identity {
	u32 tgid;
	u32 pid;
	u64 start;
	u64 end;
	char comm[TASK_COMM_LEN];
	kuid_t uid;
	u64 cgroup;
	u32 ppid;
	u32 netns;
};

static void nta_netlink_put(struct nta_message *m, const struct nta_identity *id,
			    struct user_namespace *ns,
			    const struct nta_count count[NTA_FLOWS])
{
	nta_message_put_u32(m, NETATOP_A_TGID, id->tgid);
	if (id->pid)
		nta_message_put_u32(m, NETATOP_A_PID, id->pid);
	nta_message_put_u64(m, NETATOP_A_START, id->start);
	if (id->end)
		nta_message_put_u64(m, NETATOP_A_END, id->end);
	nta_message_put_name(m, id->comm);
	nta_message_put_u32(m, NETATOP_A_UID, from_kuid_munged(ns, id->uid));
	if (id->cgroup)
		nta_message_put_u64(m, NETATOP_A_CGROUP, id->cgroup);
	if (id->ppid)
		nta_message_put_u32(m, NETATOP_A_PARENT, id->ppid);
	if (id->netns)
		nta_message_put_u32(m, NETATOP_A_NETNS, id->netns);
	nta_message_put_count(m, count);
}

/* One message about a task, of dump @cb unless that is NULL. 0, or -EMSGSIZE without room. */
static int nta_netlink_message(struct sk_buff *skb, const struct netlink_callback *cb,
			       u8 command, const struct nta_identity *id,
			       struct user_namespace *ns,
			       const struct nta_count count[NTA_FLOWS])
{
	struct nta_message m;

	if (!nta_message_begin(&m, skb, NTA_MESSAGE_ROOM, command))
		return -EMSGSIZE;
	if (cb)
		nta_message_begin_dumped(&m, cb);
	nta_netlink_put(&m, id, ns, count);
	nta_message_end(&m);
	return 0;
}

/* Who is this? False when the task has ended, or the reader cannot name it. */
static bool nta_netlink_identify(struct pid *pid, enum pid_type type,
				 struct nta_identity *id)
{
	struct task_struct *task;

	*id = (struct nta_identity) {};
	rcu_read_lock();
	task = pid_task(pid, type);
	if (task) {
		id->tgid = task_tgid_vnr(task);
		id->pid = type == PIDTYPE_PID ? pid_vnr(pid) : 0;
		id->start = task->start_boottime;
		memcpy(id->comm, task->comm, sizeof(id->comm));
		id->uid = task_uid(task);
		id->cgroup = nta_task_cgroup(task);
	}
	rcu_read_unlock();
	return id->tgid;
}

/**
 * struct nta_netlink_filter - which tasks a reader asks for, and may see
 * @threads: threads, not processes
 * @tgid: of this process alone; 0 for all
 * @cgroup: in this cgroup alone, not below it; 0 for all
 * @since: those that have moved something since then, ns since boot
 * @viewer: who he is
 */
struct nta_netlink_filter {
	bool threads;
	u32 tgid;
	u64 cgroup;
	u64 since;
	struct nta_viewer viewer;
};

static bool nta_netlink_wants(const struct nta_netlink_filter *filter,
			      const struct nta_identity *id)
{
	return (!filter->tgid || filter->tgid == id->tgid) &&
	       (!filter->cgroup || filter->cgroup == id->cgroup);
}

/* Is a process to be seen, and what has it moved? */
static bool nta_netlink_see_proc(struct nta_proc *proc,
				 struct nta_netlink_filter *filter,
				 struct nta_identity *id,
				 struct nta_count count[NTA_FLOWS])
{
	return nta_netlink_identify(proc->pid, PIDTYPE_TGID, id) &&
	       nta_netlink_wants(filter, id) &&
	       nta_viewer_sees(&filter->viewer, proc->pid) &&
	       nta_snapshot_proc(proc, count) &&
	       READ_ONCE(proc->changed) >= filter->since;
}

static bool nta_netlink_see_thread(struct nta_thread *thread,
				   struct nta_netlink_filter *filter,
				   struct nta_identity *id,
				   struct nta_count count[NTA_FLOWS])
{
	return nta_netlink_identify(thread->pid, PIDTYPE_PID, id) &&
	       nta_netlink_wants(filter, id) &&
	       nta_viewer_sees(&filter->viewer, thread->proc->pid) &&
	       nta_snapshot_thread(thread, count) &&
	       READ_ONCE(thread->changed) >= filter->since;
}

static int nta_netlink_answer(struct genl_info *info,
			      const struct nta_identity *id,
			      const struct nta_count count[NTA_FLOWS])
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	int err;

	if (!skb)
		return -ENOMEM;
	err = nta_netlink_message(skb, NULL, NETATOP_CMD_TASK, id, current_user_ns(),
				  count);
	return nta_message_reply(skb, info, err);
}

static int nta_netlink_get_proc(struct genl_info *info, struct pid *pid,
				struct nta_netlink_filter *filter)
{
	struct nta_proc *proc = nta_proc_find(pid);
	struct nta_count count[NTA_FLOWS];
	struct nta_identity id;
	int err = -ESRCH;

	if (!proc)
		return err;
	if (nta_netlink_see_proc(proc, filter, &id, count))
		err = nta_netlink_answer(info, &id, count);
	nta_proc_put(proc);
	return err;
}

static int nta_netlink_get_thread(struct genl_info *info, struct pid *pid,
				  struct nta_netlink_filter *filter)
{
	struct nta_thread *thread = nta_snapshot_find_thread(pid);
	struct nta_count count[NTA_FLOWS];
	struct nta_identity id;
	int err = -ESRCH;

	if (!thread)
		return err;
	if (nta_netlink_see_thread(thread, filter, &id, count))
		err = nta_netlink_answer(info, &id, count);
	nta_thread_put(thread);
	return err;
}

/* May a reader ask for the task @pid? Nothing is done for it before. */
static bool nta_netlink_may_ask(struct nta_viewer *viewer, struct pid *pid)
{
	struct task_struct *task;
	struct pid *tgid;
	bool may;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_PID);
	tgid = task ? get_pid(task_tgid(task)) : NULL;
	rcu_read_unlock();
	may = tgid && nta_viewer_sees(viewer, tgid);
	put_pid(tgid);
	return may;
}

static int nta_netlink_get_pid(struct genl_info *info, struct pid *pid,
			       struct nta_netlink_filter *filter)
{
	if (!nta_netlink_may_ask(&filter->viewer, pid))
		return -ESRCH;
	/* A walk gives what it finds to the leader. */
	nta_walk_pid(pid);
	return filter->threads ? nta_netlink_get_thread(info, pid, filter) :
				 nta_netlink_get_proc(info, pid, filter);
}

/* GET_TASK: one process or thread. */
static int nta_netlink_get_task(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tgid = info->attrs[NETATOP_A_TGID];
	struct nlattr *tid = info->attrs[NETATOP_A_PID];
	struct nta_netlink_filter filter = { .threads = tid };
	struct pid *pid;
	int err;

	if (!tgid == !tid) {
		NL_SET_ERR_MSG(info->extack, "name a process by TGID or a thread by PID");
		return -EINVAL;
	}
	pid = find_get_pid(nla_get_u32(tgid ?: tid));
	if (!pid)
		return -ESRCH;
	nta_viewer_init(&filter.viewer, skb);
	err = nta_netlink_get_pid(info, pid, &filter);
	nta_viewer_clean(&filter.viewer);
	put_pid(pid);
	return err;
}

static u64 nta_netlink_u64(const struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static int nta_netlink_filter(struct netlink_callback *cb,
			      struct nta_netlink_filter *filter)
{
	struct nlattr *attrs[NETATOP_A_MAX + 1];
	int err;

	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, NETATOP_A_MAX,
			  nta_netlink_task_policy, cb->extack);
	if (err)
		return err;
	if (attrs[NETATOP_A_PID]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, attrs[NETATOP_A_PID],
				    "a dump is of all: ask for one thread without NLM_F_DUMP");
		return -EINVAL;
	}
	filter->threads = nla_get_flag(attrs[NETATOP_A_THREADS]);
	filter->tgid = attrs[NETATOP_A_TGID] ? nla_get_u32(attrs[NETATOP_A_TGID]) : 0;
	filter->cgroup = nta_netlink_u64(attrs[NETATOP_A_CGROUP]);
	filter->since = nta_netlink_u64(attrs[NETATOP_A_SINCE]);
	return 0;
}

static bool nta_netlink_hold_proc(struct rhash_head *node)
{
	return nta_proc_get_maybe_zero(container_of(node, struct nta_proc, node));
}

static bool nta_netlink_hold_thread(struct rhash_head *node)
{
	return nta_thread_get_maybe_zero(container_of(node, struct nta_thread,
						      node));
}

static bool nta_netlink_see(struct rhash_head *node,
			    struct nta_netlink_filter *filter,
			    struct nta_identity *id,
			    struct nta_count count[NTA_FLOWS])
{
	if (filter->threads)
		return nta_netlink_see_thread(container_of(node, struct nta_thread, node),
					      filter, id, count);
	return nta_netlink_see_proc(container_of(node, struct nta_proc, node),
				    filter, id, count);
}

static void nta_netlink_put_held(struct rhash_head *node, bool threads)
{
	if (threads)
		nta_thread_put(container_of(node, struct nta_thread, node));
	else
		nta_proc_put(container_of(node, struct nta_proc, node));
}

/* Put the task at @node into a dump, unless it is not to be seen. */
static int nta_netlink_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
				struct nta_netlink_filter *filter,
				struct rhash_head *node)
{
	struct nta_count count[NTA_FLOWS];
	struct nta_identity id;

	if (!nta_netlink_see(node, filter, &id, count))
		return 0;
	return nta_netlink_message(skb, cb, NETATOP_CMD_TASK, &id, current_user_ns(),
				   count);
}

/*
 * Put the tasks of a bucket into a dump. When they do not fit, the bucket is the
 * first of the next message; when that has room for no more than a part of
 * them, it goes on behind that part.
 */
static int nta_netlink_dump_bucket(struct sk_buff *skb, struct netlink_callback *cb,
				   struct nta_netlink_filter *filter,
				   struct rhash_head *held[], int n,
				   struct nta_dump *at)
{
	unsigned char *begin = skb_tail_pointer(skb);
	bool empty = !skb->len;
	int i, err = 0, put = 0;

	for (i = 0; i < n; i++) {
		if (!err)
			err = nta_netlink_dump_one(skb, cb, filter, held[i]);
		put += !err;
		nta_netlink_put_held(held[i], filter->threads);
	}
	if (!err) {
		if (n < NTA_DUMP_HELD)
			nta_dump_next(at);
		else
			at->skip += n;
	} else if (!empty) {
		nlmsg_trim(skb, begin);
	} else {
		at->skip += put;
	}
	return err;
}

/* Put into a message what fits. */
static int nta_netlink_dump_some(struct sk_buff *skb, struct netlink_callback *cb,
				 struct nta_netlink_filter *filter)
{
	struct nta_dump *at = (void *)cb->ctx;
	struct rhash_head *held[NTA_DUMP_HELD];
	int n;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->ctx));
	for (;;) {
		n = nta_dump_bucket(filter->threads ? &nta_threads : &nta_procs,
				    at,
				    filter->threads ? nta_netlink_hold_thread :
						      nta_netlink_hold_proc,
				    held);
		if (!n)
			return skb->len;
		if (nta_netlink_dump_bucket(skb, cb, filter, held, n, at))
			return skb->len ?: -EMSGSIZE;
		if (signal_pending(current))
			return skb->len ?: -EINTR;
	}
}

/* GET_TASK with NLM_F_DUMP. Called for each message, until it says 0. */
static int nta_netlink_dump_tasks(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct nta_netlink_filter filter = {};
	int err;

	err = nta_netlink_filter(cb, &filter);
	if (err)
		return err;
	nta_viewer_init(&filter.viewer, cb->skb);
	err = nta_netlink_dump_some(skb, cb, &filter);
	nta_viewer_clean(&filter.viewer);
	return err;
}

/* GET_SOCK with NLM_F_DUMP, likewise. */
static int nta_netlink_dump_socks(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct nlattr *attrs[NETATOP_A_MAX + 1];
	int err;

	err = nlmsg_parse(cb->nlh, GENL_HDRLEN, attrs, NETATOP_A_MAX,
			  nta_netlink_sock_policy, cb->extack);
	return err ?: nta_sockdump(skb, cb, attrs);
}

/* A process has ended. */
static int nta_netlink_exit_message(struct sk_buff *skb, const struct nta_proc *proc)
{
	struct nta_identity id = {
		.tgid = pid_nr(proc->pid),
		.start = proc->start,
		.end = proc->end,
		.uid = proc->uid,
		.cgroup = proc->cgroup,
		.ppid = proc->ppid,
		.netns = proc->netns,
	};

	memcpy(id.comm, proc->command, sizeof(id.comm));
	return nta_netlink_message(skb, NULL, NETATOP_CMD_EXIT, &id, &init_user_ns,
				   proc->count);
}

static void nta_netlink_tell_exit(struct nta_proc *proc)
{
	struct sk_buff *skb = nta_event_new(NTA_EVENT_EXIT);

	if (skb)
		nta_event_send(skb, NTA_EVENT_EXIT, nta_netlink_exit_message(skb, proc));
}

static const struct genl_ops nta_netlink_ops[] = {
	{
		.cmd = NETATOP_CMD_GET_TASK,
		.doit = nta_netlink_get_task,
		.dumpit = nta_netlink_dump_tasks,
	},
	{
		.cmd = NETATOP_CMD_GET_SOCK,
		.dumpit = nta_netlink_dump_socks,
		.policy = nta_netlink_sock_policy,
		.maxattr = NETATOP_A_MAX,
	},
	{
		.cmd = NETATOP_CMD_GET_CGROUP,
		.flags = GENL_ADMIN_PERM,
		.doit = nta_cgroupdump_one,
		.dumpit = nta_cgroupdump,
		.policy = nta_netlink_cgroup_policy,
		.maxattr = NETATOP_A_MAX,
	},
	{
		.cmd = NETATOP_CMD_GET_TOTAL,
		.flags = GENL_ADMIN_PERM,
		.doit = nta_totaldump,
		.policy = nta_netlink_no_policy,
		.maxattr = NETATOP_A_MAX,
	},
};

/*
 * Bound by who has CAP_NET_ADMIN over the namespace of his socket, and sent to
 * the initial one alone: root of a user namespace hears nothing.
 */
static const struct genl_multicast_group nta_netlink_groups[] = {
	[NTA_EVENT_EXIT] = {
		.name = NETATOP_GENL_GROUP_EXIT,
		.flags = NTA_GENL_GROUP_NET_ADMIN,
	},
	[NTA_EVENT_CGROUP] = {
		.name = NETATOP_GENL_GROUP_CGROUP,
		.flags = NTA_GENL_GROUP_NET_ADMIN,
	},
	[NTA_EVENT_CLOSE] = {
		.name = NETATOP_GENL_GROUP_CLOSE,
		.flags = NTA_GENL_GROUP_NET_ADMIN,
	},
};

static struct genl_family nta_netlink_family __ro_after_init = {
	.name = NETATOP_GENL_NAME,
	.version = NETATOP_GENL_VERSION,
	.maxattr = NETATOP_A_MAX,
	.policy = nta_netlink_task_policy,
	.netnsok = true,
	.parallel_ops = true,
	.ops = nta_netlink_ops,
	.n_ops = ARRAY_SIZE(nta_netlink_ops),
	.mcgrps = nta_netlink_groups,
	.n_mcgrps = ARRAY_SIZE(nta_netlink_groups),
	.module = THIS_MODULE,
};

/**
 * nta_netlink_setup - register the family
 *
 * Where that fails the classic interface is there all the same.
 *
 * Return: 0.
 */
int nta_netlink_setup(void)
{
	int err;

	nta_totaldump_setup();
	nta_message_setup(&nta_netlink_family);
	err = genl_register_family(&nta_netlink_family);
	if (err) {
		pr_notice("no generic netlink family (error %d): only getsockopt and /proc/netatop answer\n",
			  err);
		return 0;
	}
	nta_netlink_ready = true;
	nta_event_setup(&nta_netlink_family);
	nta_exit_on_record(nta_netlink_tell_exit);
	return 0;
}

/**
 * nta_netlink_teardown - unregister it
 *
 * Waits for handlers that are under way; a dump that is open pins the module.
 */
void nta_netlink_teardown(void)
{
	if (!nta_netlink_ready)
		return;
	nta_event_stop();
	genl_unregister_family(&nta_netlink_family);
}
