/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the generic netlink family. A dump has tens of thousands of them, so room
 * is asked for once a message, and its attributes are written in place.
 */
#ifndef _NTA_MESSAGE_H
#define _NTA_MESSAGE_H

#include <linux/sched.h>
#include <linux/types.h>
#include <net/genetlink.h>

#include "totals.h"
#include "uapi/netatop_netlink.h"

/* Bytes that a task, a socket, or a cgroup takes at most; and everything together. */
#define NTA_MESSAGE_ROOM	640
#define NTA_MESSAGE_ROOM_TOTAL	2048

/**
 * struct nta_message - a message that is being written
 * @skb: where to
 * @nlh: its header
 * @at: where the next attribute begins
 */
struct nta_message {
	struct sk_buff *skb;
	struct nlmsghdr *nlh;
	u8 *at;
};

/**
 * nta_message_attr - begin an attribute
 * @m: the message
 * @type: of the attribute
 * @len: bytes of its value
 *
 * Return: where to write these; up to a multiple of four bytes the caller fills it up.
 */
static inline void *nta_message_attr(struct nta_message *m, u16 type, unsigned int len)
{
	struct nlattr *attr = (struct nlattr *)m->at;

	attr->nla_len = NLA_HDRLEN + len;
	attr->nla_type = type;
	m->at += NLA_HDRLEN + ALIGN(len, NLA_ALIGNTO);
	return attr + 1;
}

static inline void nta_message_put_u32(struct nta_message *m, u16 type, u32 value)
{
	*(u32 *)nta_message_attr(m, type, sizeof(value)) = value;
}

/* Has the value of the next attribute at a multiple of eight, where that is needed. */
static inline void nta_message_align(struct nta_message *m)
{
	if (!IS_ENABLED(CONFIG_HAVE_EFFICIENT_UNALIGNED_ACCESS) &&
	    IS_ALIGNED((unsigned long)m->at, sizeof(u64)))
		nta_message_attr(m, NETATOP_A_PAD, 0);
}

static inline void nta_message_put_u64(struct nta_message *m, u16 type, u64 value)
{
	nta_message_align(m);
	*(u64 *)nta_message_attr(m, type, sizeof(value)) = value;
}

bool nta_message_begin(struct nta_message *m, struct sk_buff *skb, unsigned int room,
		       u8 command);
void nta_message_begin_dumped(struct nta_message *m, const struct netlink_callback *cb);
void nta_message_put_written(struct nta_message *m, u16 type, unsigned int len);
void nta_message_put_name(struct nta_message *m, const char name[TASK_COMM_LEN]);
void nta_message_put_count(struct nta_message *m, const struct nta_count count[NTA_FLOWS]);
void nta_message_put_nest(struct nta_message *m, u16 type,
			  const struct nta_count count[NTA_FLOWS]);
void nta_message_end(struct nta_message *m);
int nta_message_reply(struct sk_buff *skb, struct genl_info *info, int err);

void nta_message_setup(const struct genl_family *family);

#endif /* _NTA_MESSAGE_H */
