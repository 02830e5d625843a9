/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What listeners are told, by multicast groups of the family.
 */
#ifndef _NTA_EVENT_H
#define _NTA_EVENT_H

struct genl_family;
struct sk_buff;

/**
 * enum nta_event - the multicast groups, in their order
 * @NTA_EVENT_EXIT: a process has ended
 * @NTA_EVENT_CGROUP: a cgroup has ended
 * @NTA_EVENT_CLOSE: a socket has closed
 */
enum nta_event {
	NTA_EVENT_EXIT,
	NTA_EVENT_CGROUP,
	NTA_EVENT_CLOSE,
};

struct sk_buff *nta_event_new(enum nta_event event);
void nta_event_send(struct sk_buff *skb, enum nta_event event, int err);

void nta_event_setup(const struct genl_family *family);
void nta_event_stop(void);

#endif /* _NTA_EVENT_H */
