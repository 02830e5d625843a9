// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.2 ("udp: Access &udp_table via net."). */
#include <net/net_namespace.h>

typeof(((struct net *)0)->ipv4.udp_table) nta_has;
