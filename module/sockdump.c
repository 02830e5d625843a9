// SPDX-License-Identifier: GPL-2.0-only
/*
 * GET_SOCK: the sockets that are known, with their owners and what each has
 * carried. An entry is put into a message while RCU keeps it; nothing is held from
 * one message to the next. And CLOSE: a socket that is no more.
 */
#include <linux/in.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>

#include "closing.h"
#include "dump.h"
#include "message.h"
#include "snapshot.h"
#include "sock.h"
#include "sockdump.h"
#include "task.h"
#include "uapi/netatop_netlink.h"
#include "viewer.h"

/**
 * struct nta_sockdump - a dump and which sockets it is about
 * @cb: the dump
 * @tgid: of this process alone; 0 for all
 * @netns: of the network namespace with this inode alone; 0 for all
 * @viewer: who reads
 */
struct nta_sockdump {
	const struct netlink_callback *cb;
	u32 tgid;
	u32 netns;
	struct nta_viewer viewer;
};

/**
 * struct nta_sockdump_owner - how a reader names the owner of a socket
 * @tgid: process id in his PID namespace; 0 when it has no owner
 * @pid: thread id, likewise
 * @start: of the process, ns since boot
 */
struct nta_sockdump_owner {
	u32 tgid;
	u32 pid;
	u64 start;
};

/*
 * Who is @t, which may be NULL? False when its process has ended, or the reader
 * may not see it or cannot name it. Of a thread that ended the leader is the heir.
 */
static bool nta_sockdump_name(struct nta_viewer *viewer,
			      const struct nta_thread *t,
			      struct nta_sockdump_owner *owner)
{
	bool alive;

	*owner = (struct nta_sockdump_owner) {};
	if (!t)
		return viewer->all;
	if (!nta_viewer_sees(viewer, t->proc->pid))
		return false;
	if (!pid_task(t->proc->pid, PIDTYPE_TGID))
		return false;
	alive = pid_task(t->pid, PIDTYPE_PID);
	owner->tgid = pid_vnr(t->proc->pid);
	owner->pid = alive ? pid_vnr(t->pid) : owner->tgid;
	owner->start = t->proc->start;
	return owner->tgid;
}

static void nta_sockdump_put_owner(struct nta_message *m, bool kernel,
				   const struct nta_sockdump_owner *owner)
{
	if (!owner->tgid) {
		nta_message_put_u32(m, NETATOP_A_CLASS,
				    kernel ? NETATOP_CLASS_KERNEL : NETATOP_CLASS_WAITING);
		return;
	}
	nta_message_put_u32(m, NETATOP_A_TGID, owner->tgid);
	nta_message_put_u32(m, NETATOP_A_PID, owner->pid);
	nta_message_put_u64(m, NETATOP_A_START, owner->start);
}

/* What names a socket. */
static void nta_sockdump_put_name(struct nta_message *m, u64 key, u32 family, u32 netns)
{
	nta_message_put_u64(m, NETATOP_A_COOKIE, nta_sock_key_cookie(key));
	nta_message_put_u32(m, NETATOP_A_PROTOCOL,
			    key & NTA_KEY_UDP ? IPPROTO_UDP : IPPROTO_TCP);
	nta_message_put_u32(m, NETATOP_A_FAMILY, family);
	nta_message_put_u32(m, NETATOP_A_NETNS, netns);
}

static void nta_sockdump_put_attrs(struct nta_message *m, const struct nta_sock *s,
				   const struct nta_sockdump_owner *owner,
				   const struct nta_count count[NTA_FLOWS])
{
	nta_sockdump_put_name(m, READ_ONCE(s->key), s->family, s->netns);
	nta_sockdump_put_owner(m, nta_sock_is_kernel(s), owner);
	nta_message_put_count(m, count);
}

/* nta_dump_put_fn: the socket at @node, if it is asked for. */
static int nta_sockdump_put(struct sk_buff *skb, struct rhash_head *node, void *arg)
{
	struct nta_sock *s = container_of(node, struct nta_sock, node);
	struct nta_sockdump *dump = arg;
	struct nta_count count[NTA_FLOWS];
	struct nta_sockdump_owner owner;
	struct nta_message m;

	if (dump->netns && dump->netns != s->netns)
		return 0;
	if (!nta_sockdump_name(&dump->viewer,
			       nta_snapshot_sock(s, count), &owner) ||
	    (dump->tgid && dump->tgid != owner.tgid))
		return 0;
	if (!nta_message_begin(&m, skb, NTA_MESSAGE_ROOM, NETATOP_CMD_SOCK))
		return -EMSGSIZE;
	nta_message_begin_dumped(&m, dump->cb);
	nta_sockdump_put_attrs(&m, s, &owner, count);
	nta_message_end(&m);
	return 0;
}

/**
 * nta_sockdump - GET_SOCK with NLM_F_DUMP
 * @skb: the next message
 * @cb: the dump
 * @attrs: of the request
 *
 * Context: process; sleeps.
 * Return: length of the message, 0 at the end, or a negative errno.
 */
int nta_sockdump(struct sk_buff *skb, struct netlink_callback *cb,
		 struct nlattr *const attrs[])
{
	struct nta_dump *at = (void *)cb->ctx;
	struct nta_sockdump dump = { .cb = cb };
	int err;

	BUILD_BUG_ON(sizeof(*at) > sizeof(cb->ctx));
	if (attrs[NETATOP_A_TGID])
		dump.tgid = nla_get_u32(attrs[NETATOP_A_TGID]);
	if (attrs[NETATOP_A_NETNS])
		dump.netns = nla_get_u32(attrs[NETATOP_A_NETNS]);
	nta_viewer_init(&dump.viewer, cb->skb);
	err = nta_dump_fill(skb, &nta_socks, at, nta_sockdump_put, &dump);
	nta_viewer_clean(&dump.viewer);
	return skb->len ?: err;
}

static void nta_sockdump_put_address(struct nta_message *m, u16 type, u8 family,
				     const struct in6_addr *address)
{
	unsigned int len = family == AF_INET6 ? sizeof(*address) : sizeof(struct in_addr);

	memcpy(nta_message_attr(m, type, len), address, len);
}

static void nta_sockdump_put_closed(struct nta_message *m, const struct nta_closed *closed)
{
	const struct nta_sockdump_owner owner = { closed->tgid, closed->pid, closed->start };

	nta_sockdump_put_name(m, closed->key, closed->family, closed->netns);
	nta_sockdump_put_address(m, NETATOP_A_LOCAL, closed->family, &closed->local);
	nta_message_put_u32(m, NETATOP_A_LOCAL_PORT, closed->sport);
	if (closed->dport) {
		nta_sockdump_put_address(m, NETATOP_A_REMOTE, closed->family,
					 &closed->remote);
		nta_message_put_u32(m, NETATOP_A_REMOTE_PORT, closed->dport);
	}
	nta_message_put_u64(m, NETATOP_A_END, closed->end);
	nta_sockdump_put_owner(m, closed->kernel, &owner);
	if (closed->tgid) {
		nta_message_put_name(m, closed->comm);
		nta_message_put_u32(m, NETATOP_A_UID,
				    from_kuid_munged(&init_user_ns, closed->uid));
	}
	if (closed->cgroup)
		nta_message_put_u64(m, NETATOP_A_CGROUP, closed->cgroup);
	nta_message_put_count(m, closed->count);
}

/**
 * nta_sockdump_closed - tell of a socket that closed
 * @skb: where to
 * @closed: the socket
 *
 * Return: 0 or a negative errno.
 */
int nta_sockdump_closed(struct sk_buff *skb, const struct nta_closed *closed)
{
	struct nta_message m;

	if (!nta_message_begin(&m, skb, NTA_MESSAGE_ROOM, NETATOP_CMD_CLOSE))
		return -EMSGSIZE;
	nta_sockdump_put_closed(&m, closed);
	nta_message_end(&m);
	return 0;
}
