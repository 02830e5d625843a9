/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generic netlink.
 */
#ifndef _NTA_COMPAT_GENETLINK_H
#define _NTA_COMPAT_GENETLINK_H

#include <net/genetlink.h>

/*
 * Who may bind to a group: CAP_NET_ADMIN over the namespace of the socket. 6.1 ("genetlink: Use
 * internal flags for multicast groups") named it; what was backported to 5.10 takes
 * the flag of an operation.
 */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define NTA_GENL_GROUP_NET_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define NTA_GENL_GROUP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

#endif /* _NTA_COMPAT_GENETLINK_H */
