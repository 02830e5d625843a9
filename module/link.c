// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interfaces that count bytes in a way of their own.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/string.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/rtnetlink.h>

#include "link.h"

/* What wireguard adds: its header and the authentication tag. */
#define WIREGUARD_OVERHEAD	32
/* It fills a packet to a multiple of this, but not beyond the MTU. */
#define WIREGUARD_UNIT		16
/* The header of IP over InfiniBand. */
#define IPOIB_HEADER		4

/**
 * struct link_rule - an Ethernet interface of software
 * @kind: as "ip link add type" has it
 * @out: bytes of link header that it counts for what it sends
 * @in: bytes of link header that it counts for what it receives
 * @least: bytes that it receives at least, for the sender fills shorter frames
 *
 * Tunnels count what they send from the inner network header on
 * (iptunnel_xmit(), ip6tunnel_xmit()).
 */
struct link_rule {
	const char *kind;
	u8 out;
	u8 in;
	u8 least;
};

static const struct link_rule rules[] = {
	{ "vxlan", 0, 0, 0 },			/* vxlan_rcv() */
	{ "geneve", 0, 0, 0 },			/* geneve_rx() */
	{ "gretap", 0, ETH_HLEN, 0 },		/* ip_tunnel_rcv() */
	{ "erspan", 0, ETH_HLEN, 0 },		/* ip_tunnel_rcv() */
	{ "ip6gretap", 0, 0, 0 },		/* __ip6_tnl_rcv() */
	{ "ip6erspan", 0, 0, 0 },		/* __ip6_tnl_rcv() */
	{ "openvswitch", ETH_HLEN, 0, 0 },	/* internal_dev_recv() */
	{ "hsr", ETH_HLEN, 0, ETH_ZLEN - ETH_HLEN }, /* hsr_deliver_master() */
};

/**
 * nta_link_is_kind - is an interface of this kind?
 * @dev: the interface
 * @kind: as "ip link add type" has it
 */
bool nta_link_is_kind(const struct net_device *dev, const char *kind)
{
	const struct rtnl_link_ops *ops = dev->rtnl_link_ops;

	return ops && !strcmp(ops->kind, kind);
}

static const struct link_rule *find_rule(const struct net_device *dev)
{
	unsigned int i;

	if (dev->type != ARPHRD_ETHER)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (nta_link_is_kind(dev, rules[i].kind))
			return &rules[i];
	return NULL;
}

/* encrypt_packet(), and update_rx_stats() in wg_packet_consume_data_done(). */
static struct nta_wire_link wireguard(u32 mtu)
{
	return (struct nta_wire_link) {
		.header = WIREGUARD_OVERHEAD,
		.unit = WIREGUARD_UNIT,
		.most = mtu,
	};
}

/* The interface through which a packet came to a VRF; @dev when it never left. */
static const struct net_device *slave_of(const struct sk_buff *skb,
					 const struct net_device *dev)
{
	int index = skb->protocol == htons(ETH_P_IPV6) ? IP6CB(skb)->iif :
							 IPCB(skb)->iif;

	return dev_get_by_index_rcu(dev_net(dev), index) ?: dev;
}

/*
 * A bond counts what its ports counted (bond_get_stats()). One asks for this only if
 * they are no cards; then they are taken to be of the same kind.
 */
static const struct net_device *port_of(const struct net_device *dev)
{
	struct list_head *iter = (struct list_head *)&dev->adj_list.lower;
	struct net_device *port;

	if (!netif_is_bond_master(dev))
		return dev;
	port = netdev_next_lower_dev_rcu((struct net_device *)dev, &iter);
	return port ?: dev;
}

/**
 * nta_link_out - how an interface counts what it sends
 * @skb: the packet, in LOCAL_OUT
 * @dev: the interface
 */
struct nta_wire_link nta_link_out(const struct sk_buff *skb,
				  const struct net_device *dev)
{
	struct nta_wire_link link = {};
	const struct link_rule *rule;
	u32 header;

	dev = port_of(dev);
	header = dev->type == ARPHRD_ETHER ? nta_link_out_plain(dev) : nta_link_bare(dev);
	if (header != NTA_LINK_ASK) {
		link.header = header;
		return link;
	}
	if (nta_link_is_kind(dev, "wireguard"))
		return wireguard(dst_mtu(skb_dst(skb)));
	/* ipoib_send(), ipoib_cm_send(): only the pseudo header is off by then. */
	if (dev->type == ARPHRD_INFINIBAND)
		link.header = IPOIB_HEADER;
	else if (dev->type == ARPHRD_ETHER)
		link.header = ETH_HLEN;
	rule = find_rule(dev);
	if (rule)
		link.header = rule->out;
	return link;
}

/**
 * nta_link_in - how an interface counts what it receives
 * @skb: the packet, in LOCAL_IN or on its way there
 * @dev: the interface
 *
 * Under rcu_read_lock(). What a VRF receives is counted by the interface that
 * belongs to it. How far the peer filled a packet of wireguard depends on the
 * MTU that it has, which is taken to be ours.
 */
struct nta_wire_link nta_link_in(const struct sk_buff *skb,
				 const struct net_device *dev)
{
	struct nta_wire_link link = {};
	const struct link_rule *rule;
	u32 header;

	if (netif_is_l3_master(dev))
		dev = slave_of(skb, dev);
	dev = port_of(dev);
	header = dev->type == ARPHRD_ETHER ? nta_link_in_plain(dev) : nta_link_bare(dev);
	if (header != NTA_LINK_ASK) {
		link.header = header;
		return link;
	}
	if (nta_link_is_kind(dev, "wireguard"))
		return wireguard(READ_ONCE(dev->mtu));
	/* An ipvlan in mode L3S counts it for its parent too (ipvlan_nf_input()). */
	if (dev->type == ARPHRD_ETHER &&
	    (!(dev->priv_flags & NTA_LINK_BELOW) || netif_has_l3_rx_handler(dev)))
		link.header = ETH_HLEN;
	rule = find_rule(dev);
	if (rule) {
		link.header = rule->in;
		link.least = rule->least;
	}
	return link;
}
