// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of the generic netlink family, and what several of them have in common.
 */
#include "message.h"
#include "uapi/netatop_netlink.h"

/* One set of flows: the order is that of enum nta_flow. */
static_assert(sizeof(struct netatop_counters) ==
	      NTA_LOOPBACK * sizeof(struct nta_count));

static const struct genl_family *nta_message_family;

/**
 * nta_message_begin - begin a message
 * @skb: where to
 * @portid: whom it is for
 * @seq: number of the request that it answers
 * @flags: of netlink
 * @command: what it is
 *
 * Return: what genlmsg_end() or genlmsg_cancel() want; NULL when there is no room.
 */
void *nta_message_begin(struct sk_buff *skb, u32 portid, u32 seq, int flags,
			u8 command)
{
	return genlmsg_put(skb, portid, seq, nta_message_family, flags, command);
}

/**
 * nta_message_begin_dumped - begin a message of a dump
 * @skb: where to
 * @cb: the dump
 * @command: what it is
 *
 * Return: as nta_message_begin().
 */
void *nta_message_begin_dumped(struct sk_buff *skb,
			       const struct netlink_callback *cb, u8 command)
{
	return nta_message_begin(skb, NETLINK_CB(cb->skb).portid,
				 cb->nlh->nlmsg_seq, NLM_F_MULTI, command);
}

/**
 * nta_message_put_u64 - put a number
 * @skb: where to
 * @type: of the attribute
 * @value: the number
 *
 * Return: 0 or -EMSGSIZE.
 */
int nta_message_put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, NETATOP_A_PAD);
}

/**
 * nta_message_put_count - put what was carried, in all and over loopback
 * @skb: where to
 * @count: by flow
 *
 * Return: 0 or -EMSGSIZE.
 */
int nta_message_put_count(struct sk_buff *skb,
			  const struct nta_count count[NTA_FLOWS])
{
	const struct nta_count *loopback = &count[NTA_LOOPBACK];
	struct nta_count all[NTA_LOOPBACK];
	int flow;

	for (flow = 0; flow < NTA_LOOPBACK; flow++)
		all[flow] = nta_count_both(count, flow);
	if (nla_put_64bit(skb, NETATOP_A_COUNTERS, sizeof(all), all, NETATOP_A_PAD))
		return -EMSGSIZE;
	if (!memchr_inv(loopback, 0, sizeof(all)))
		return 0;
	return nla_put_64bit(skb, NETATOP_A_LOOPBACK, sizeof(all), loopback,
			     NETATOP_A_PAD);
}

/**
 * nta_message_put_nest - put what was carried, in an attribute of its own
 * @skb: where to
 * @type: of the attribute, which is left out when it is nothing
 * @count: by flow
 *
 * Return: 0 or -EMSGSIZE.
 */
int nta_message_put_nest(struct sk_buff *skb, int type,
			 const struct nta_count count[NTA_FLOWS])
{
	struct nlattr *nest;

	if (!memchr_inv(count, 0, NTA_FLOWS * sizeof(*count)))
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest || nta_message_put_count(skb, count))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * nta_message_end - end a message, or take back what is there of it
 * @skb: where it is
 * @header: what nta_message_begin() returned
 * @err: 0, or what went wrong
 *
 * Return: @err.
 */
int nta_message_end(struct sk_buff *skb, void *header, int err)
{
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
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
	if (!err)
		return genlmsg_reply(skb, info);
	nlmsg_free(skb);
	return err;
}

/**
 * nta_message_setup - say whose messages these are
 * @family: the family
 */
void nta_message_setup(const struct genl_family *family)
{
	nta_message_family = family;
}
