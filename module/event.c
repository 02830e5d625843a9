// SPDX-License-Identifier: GPL-2.0-only
/*
 * What listeners are told, in the initial network namespace alone: root of a user
 * namespace hears nothing.
 */
#include <net/genetlink.h>

#include "cgroup.h"
#include "cgroupdump.h"
#include "closing.h"
#include "event.h"
#include "sockdump.h"

/* NULL while it is not registered. */
static const struct genl_family *nta_event_family;

/* Any context but hard interrupts. */
static bool nta_event_is_heard(enum nta_event event)
{
	const struct genl_family *family = READ_ONCE(nta_event_family);

	return family && genl_has_listeners(family, &init_net, event);
}

/* Those who listen missed one, which reading tells them. */
static void nta_event_miss(enum nta_event event)
{
	const struct genl_family *family = READ_ONCE(nta_event_family);

	if (family)
		genl_set_err(family, &init_net, 0, event, -ENOBUFS);
}

/**
 * nta_event_new - begin to tell who listens
 * @event: what has happened
 *
 * Context: process; sleeps.
 * Return: a message to be sent; NULL when nobody listens, or without memory, which those
 * who do are told.
 */
struct sk_buff *nta_event_new(enum nta_event event)
{
	struct sk_buff *skb;

	if (!nta_event_is_heard(event))
		return NULL;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!skb)
		nta_event_miss(event);
	return skb;
}

/**
 * nta_event_send - tell who listens
 * @skb: the message, of which the caller has no more
 * @event: what has happened
 * @err: when it is not 0, the message could not be filled and is forgotten
 *
 * Context: process; sleeps.
 */
void nta_event_send(struct sk_buff *skb, enum nta_event event, int err)
{
	const struct genl_family *family = READ_ONCE(nta_event_family);

	if (err || !family)
		nlmsg_free(skb);
	else
		genlmsg_multicast(family, skb, 0, event, GFP_KERNEL);
}

static void nta_event_cgroup(const struct nta_cgroup_sums *sums, struct cgroup *cgroup)
{
	struct sk_buff *skb = nta_event_new(NTA_EVENT_CGROUP);

	if (skb)
		nta_event_send(skb, NTA_EVENT_CGROUP, nta_cgroupdump_end(skb, sums, cgroup));
}

static bool nta_event_close_is_heard(void)
{
	return nta_event_is_heard(NTA_EVENT_CLOSE);
}

static void nta_event_close(const struct nta_closed *closed)
{
	struct sk_buff *skb;

	if (!closed) {
		nta_event_miss(NTA_EVENT_CLOSE);
		return;
	}
	skb = nta_event_new(NTA_EVENT_CLOSE);
	if (skb)
		nta_event_send(skb, NTA_EVENT_CLOSE, nta_sockdump_closed(skb, closed));
}

/**
 * nta_event_setup - tell from now on
 * @family: the family, registered
 */
void nta_event_setup(const struct genl_family *family)
{
	WRITE_ONCE(nta_event_family, family);
	nta_cgroup_on_end(nta_event_cgroup);
	nta_closing_on_close(nta_event_close_is_heard, nta_event_close);
}

/**
 * nta_event_stop - nobody listens any more
 */
void nta_event_stop(void)
{
	WRITE_ONCE(nta_event_family, NULL);
}
