/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which interfaces count their link header. Drivers agree on packets and on
 * the bytes from the network header on, but not on this.
 */
#ifndef _NTA_LINK_H
#define _NTA_LINK_H

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_team.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <net/geneve.h>
#include <net/vxlan.h>

/* Tunnels that carry Ethernet frames: vxlan, geneve, gretap, erspan. */
static inline bool nta_link_is_tunnel(const struct net_device *dev)
{
	return dev->netdev_ops->ndo_fill_metadata_dst;
}

/**
 * nta_link_out - link header that an interface counts for each packet it sends
 * @dev: the interface
 *
 * Interfaces without an Ethernet header count none: lo (loopback_xmit() takes
 * it off first), tun, wireguard, ipip, sit, gre, ppp (ppp_send_frame()).
 *
 * Ethernet interfaces count the frame that they are given: NICs, veth, dummy,
 * macvlan, ipvlan, bridge (br_dev_xmit()), team, and vlan, whose tag is not in
 * the frame (vlan_dev_hard_start_xmit()). Tunnels below an Ethernet interface
 * count from the inner network header on (iptunnel_xmit()).
 *
 * Return: bytes.
 */
static inline u32 nta_link_out(const struct net_device *dev)
{
	/* A branch, not arithmetic: the interfaces of a host are mostly of one kind. */
	if (unlikely(dev->type != ARPHRD_ETHER || nta_link_is_tunnel(dev))) {
		barrier();
		return 0;
	}
	return ETH_HLEN;
}

/**
 * nta_link_in - link header that an interface counts for each packet it receives
 * @dev: the interface
 *
 * As for sending: NICs, veth (what its peer sent), macvlan
 * (macvlan_handle_frame()), ipvlan (ipvlan_rcv_frame()), tap and gretap
 * (ip_tunnel_rcv()) count the header. Those that come by a frame whose header
 * is taken off already do not: vlan (vlan_do_receive()), bridge
 * (br_pass_frame_up()), team (team_handle_frame()), vxlan (vxlan_rcv()), geneve
 * (geneve_rx()).
 *
 * Return: bytes.
 */
static inline u32 nta_link_in(const struct net_device *dev)
{
	const u32 below = IFF_802_1Q_VLAN | IFF_EBRIDGE | IFF_TEAM;

	if (unlikely(dev->type != ARPHRD_ETHER || dev->priv_flags & below)) {
		barrier();
		return 0;
	}
	if (nta_link_is_tunnel(dev) && (netif_is_vxlan(dev) || netif_is_geneve(dev)))
		return 0;
	return ETH_HLEN;
}

#endif /* _NTA_LINK_H */
