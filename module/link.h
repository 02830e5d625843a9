/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How an interface counts bytes. All count them from the network header on;
 * they disagree on the link header, and some on more. Each rule names the
 * function of the kernel that it is read from.
 */
#ifndef _NTA_LINK_H
#define _NTA_LINK_H

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "totals.h"
#include "wire.h"

/* Receive a frame whose Ethernet header is taken off already, and do not count
 * it: vlan (vlan_do_receive()), bridge (br_pass_frame_up()), team
 * (team_handle_frame()).
 */
#define NTA_LINK_BELOW	(IFF_802_1Q_VLAN | IFF_EBRIDGE | IFF_TEAM)

/* One of these has each Ethernet interface that counts the frames that it is
 * given and gets: NICs, veth, dummy, tap and batadv let the stack drop the route
 * of a packet, and so does a bond all of whose ports do; macvlan
 * (macvlan_handle_frame()) perhaps not. No tunnel has one.
 */
#define NTA_LINK_USUAL \
	(IFF_XMIT_DST_RELEASE | IFF_MACVLAN | NTA_LINK_BELOW)

/* VRF, parents of ipvlan in mode L3S, Open vSwitch, and hsr, which is the one
 * software interface without netpoll.
 */
#define NTA_LINK_UNUSUAL \
	(IFF_L3MDEV_MASTER | IFF_L3MDEV_RX_HANDLER | IFF_OPENVSWITCH | \
	 IFF_DISABLE_NETPOLL)

/* What nta_link_*_plain() says of an interface for which there is more to ask. */
#define NTA_LINK_ASK	(~0U)

/*
 * For what is asked in rare cases only: the compiler shall read it again then,
 * and not keep in registers for all what it compared.
 */
static __always_inline const struct net_device *
nta_link_again(const struct net_device *dev)
{
	OPTIMIZER_HIDE_VAR(dev);
	return dev;
}

/* Only lo of each network namespace is of this type. */
static __always_inline bool nta_link_is_loopback(const struct net_device *dev)
{
	return dev->type == ARPHRD_LOOPBACK;
}

/* What is added to the flow of a packet for the interface that carries it. */
static inline enum nta_flow nta_link_scope(const struct net_device *dev)
{
	return nta_link_is_loopback(dev) ? NTA_LOOPBACK : 0;
}

/* As nta_link_out_plain(), of an interface that is not Ethernet. */
static __always_inline u32 nta_link_bare(const struct net_device *dev)
{
	return dev->type == ARPHRD_NONE || dev->type == ARPHRD_INFINIBAND ?
		       NTA_LINK_ASK : 0;
}

/*
 * Of Ethernet interfaces most have the first of NTA_LINK_USUAL and none of @others:
 * one comparison says so.
 */
static __always_inline bool nta_link_is_usual(const struct net_device *dev, u32 others)
{
	return ((u32)dev->priv_flags & (others | IFF_XMIT_DST_RELEASE)) ==
	       IFF_XMIT_DST_RELEASE;
}

/**
 * nta_link_out_plain - link header that an Ethernet interface counts for what it
 * sends, if it counts nothing else
 * @dev: the interface
 *
 * They count the frame that they are given: vlan too, whose tag is not in the frame
 * (vlan_dev_hard_start_xmit()).
 *
 * Interfaces without an Ethernet header count none: lo (loopback_xmit() takes
 * it off first), ipip, sit, gre and vti (iptunnel_xmit_stats()), xfrm, ppp
 * (ppp_send_frame()), and those of modems.
 *
 * Return: bytes; NTA_LINK_ASK to ask nta_link_out().
 */
static __always_inline u32 nta_link_out_plain(const struct net_device *dev)
{
	/* Branches, not arithmetic: the interfaces of a host are mostly of one kind. */
	if (likely(nta_link_is_usual(dev, NTA_LINK_UNUSUAL)))
		return ETH_HLEN;
	dev = nta_link_again(dev);
	if (dev->priv_flags & NTA_LINK_UNUSUAL || !(dev->priv_flags & NTA_LINK_USUAL))
		return NTA_LINK_ASK;
	return ETH_HLEN;
}

/**
 * nta_link_in_plain - link header that an Ethernet interface counts for what it
 * receives, if it counts nothing else
 * @dev: the interface
 *
 * Return: bytes; NTA_LINK_ASK to ask nta_link_in().
 */
static __always_inline u32 nta_link_in_plain(const struct net_device *dev)
{
	if (likely(nta_link_is_usual(dev, NTA_LINK_UNUSUAL | NTA_LINK_BELOW)))
		return ETH_HLEN;
	dev = nta_link_again(dev);
	if (dev->priv_flags & NTA_LINK_UNUSUAL || !(dev->priv_flags & NTA_LINK_USUAL))
		return NTA_LINK_ASK;
	return dev->priv_flags & NTA_LINK_BELOW ? 0 : ETH_HLEN;
}

bool nta_link_is_kind(const struct net_device *dev, const char *kind);
struct nta_wire_link nta_link_out(const struct sk_buff *skb,
				  const struct net_device *dev);
struct nta_wire_link nta_link_in(const struct sk_buff *skb,
				 const struct net_device *dev);

#endif /* _NTA_LINK_H */
