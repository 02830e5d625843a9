/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_NETLINK_H
#define _NTA_NETLINK_H

int nta_netlink_setup(void);
void nta_netlink_teardown(void);

#endif /* _NTA_NETLINK_H */
