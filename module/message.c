// SPDX-License-Identifier: GPL-2.0-only
#include <asm/word-at-a-time.h>
#include <linux/string.h>

#include "message.h"

/* One set of flows: the order is that of enum nta_flow. */
static_assert(sizeof(struct netatop_counters) ==
	      NTA_LOOPBACK * sizeof(struct nta_count));

static const struct genl_family *nta_message_family;

/**
 * nta_message_begin - begin a message of nobody in particular
 * @m: the message
 * @skb: where to
 * @room: bytes that it takes at most, see NTA_MESSAGE_ROOM
 * @command: what it is
 *
 * Return: false when there is no room.
 */
bool nta_message_begin(struct nta_message *m, struct sk_buff *skb, unsigned int room,
		       u8 command)
{
	struct genlmsghdr *header;

	if (skb_tailroom(skb) < room)
		return false;
	m->skb = skb;
	m->nlh = (struct nlmsghdr *)skb_tail_pointer(skb);
	*m->nlh = (struct nlmsghdr) { .nlmsg_type = nta_message_family->id };
	header = nlmsg_data(m->nlh);
	*header = (struct genlmsghdr) {
		.cmd = command,
		.version = nta_message_family->version,
	};
	m->at = (u8 *)(header + 1);
	return true;
}

/**
 * nta_message_begin_dumped - a message that was begun is one of a dump
 * @m: the message
 * @cb: the dump
 */
void nta_message_begin_dumped(struct nta_message *m, const struct netlink_callback *cb)
{
	m->nlh->nlmsg_flags = NLM_F_MULTI;
	m->nlh->nlmsg_seq = cb->nlh->nlmsg_seq;
	m->nlh->nlmsg_pid = NETLINK_CB(cb->skb).portid;
}

/*
 * Copy a name, and zeros behind it: the rest of a longer one that a task had is nobody's
 * business. It may be changed meanwhile. Returns its length.
 */
static unsigned int nta_message_copy_name(unsigned long to[],
					  const char name[TASK_COMM_LEN])
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned int len = TASK_COMM_LEN - 1, at;
	unsigned long word, zeros;

	for (at = 0; at < TASK_COMM_LEN; at += sizeof(word)) {
		memcpy(&word, name + at, sizeof(word));
		if (at >= len) {
			word = 0;
		} else if (has_zero(word, &zeros, &constants)) {
			zeros = prep_zero_mask(word, zeros, &constants);
			zeros = create_zero_mask(zeros);
			word &= zero_bytemask(zeros);
			len = at + find_zero(zeros);
		}
		memcpy((char *)to + at, &word, sizeof(word));
	}
	((char *)to)[TASK_COMM_LEN - 1] = '\0';
	return len;
}

/**
 * nta_message_put_name - put the name of a task
 * @m: the message
 * @name: as the kernel has it
 */
void nta_message_put_name(struct nta_message *m, const char name[TASK_COMM_LEN])
{
	unsigned long copy[TASK_COMM_LEN / sizeof(unsigned long)];
	unsigned int len = nta_message_copy_name(copy, name);

	memcpy(nta_message_attr(m, NETATOP_A_COMM, len + 1), copy, sizeof(copy));
}

/**
 * nta_message_put_written - put a string that is written where the attribute's value will be
 * @m: the message
 * @type: of the attribute
 * @len: bytes of it, without the zero
 */
void nta_message_put_written(struct nta_message *m, u16 type, unsigned int len)
{
	char *text = nta_message_attr(m, type, len + 1);

	memset(text + len, 0, ALIGN(len + 1, NLA_ALIGNTO) - len);
}

/* Whether anything went over loopback. */
static bool nta_message_any_loopback(const struct nta_count count[NTA_FLOWS])
{
	u64 any = 0;
	int flow;

	for (flow = NTA_LOOPBACK; flow < NTA_FLOWS; flow++)
		any |= count[flow].packets | count[flow].bytes;
	return any;
}

/**
 * nta_message_put_count - put what was carried, in all and over loopback
 * @m: the message
 * @count: by flow
 */
void nta_message_put_count(struct nta_message *m, const struct nta_count count[NTA_FLOWS])
{
	struct nta_count *to;
	int flow;

	nta_message_align(m);
	to = nta_message_attr(m, NETATOP_A_COUNTERS, NTA_LOOPBACK * sizeof(*to));
	for (flow = 0; flow < NTA_LOOPBACK; flow++)
		to[flow] = nta_count_both(count, flow);
	if (!nta_message_any_loopback(count))
		return;
	nta_message_align(m);
	to = nta_message_attr(m, NETATOP_A_LOOPBACK, NTA_LOOPBACK * sizeof(*to));
	for (flow = 0; flow < NTA_LOOPBACK; flow++)
		to[flow] = count[NTA_LOOPBACK + flow];
}

/**
 * nta_message_put_nest - put what was carried, in an attribute of its own
 * @m: the message
 * @type: of the attribute, which is left out when it is nothing
 * @count: by flow
 */
void nta_message_put_nest(struct nta_message *m, u16 type,
			  const struct nta_count count[NTA_FLOWS])
{
	struct nlattr *nest = (struct nlattr *)m->at;

	if (!memchr_inv(count, 0, NTA_FLOWS * sizeof(*count)))
		return;
	nta_message_attr(m, type | NLA_F_NESTED, 0);
	nta_message_put_count(m, count);
	nest->nla_len = m->at - (u8 *)nest;
}

/**
 * nta_message_end - a message is written
 * @m: the message
 */
void nta_message_end(struct nta_message *m)
{
	m->nlh->nlmsg_len = m->at - (u8 *)m->nlh;
	skb_put(m->skb, m->nlh->nlmsg_len);
}

/**
 * nta_message_reply - answer a request, or free the answer
 * @skb: the answer, of which the caller has no more
 * @info: the request
 * @err: 0, or what went wrong while it was made
 *
 * Return: 0, @err, or what went wrong on the way.
 */
int nta_message_reply(struct sk_buff *skb, struct genl_info *info, int err)
{
	struct nlmsghdr *nlh = nlmsg_hdr(skb);

	if (err) {
		nlmsg_free(skb);
		return err;
	}
	nlh->nlmsg_seq = info->snd_seq;
	nlh->nlmsg_pid = info->snd_portid;
	return genlmsg_reply(skb, info);
}

/**
 * nta_message_setup - say whose messages these are
 * @family: the family
 */
void nta_message_setup(const struct genl_family *family)
{
	nta_message_family = family;
}
