// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.3 ("net: add gso_ipv4_max_size and gro_ipv4_max_size per device"). */
#include <linux/netdevice.h>

typeof(netif_get_gso_max_size) nta_has;
