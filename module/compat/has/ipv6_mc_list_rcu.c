// SPDX-License-Identifier: GPL-2.0-only
/* Linux 5.13 ("mld: convert ipv6_mc_socklist->sflist to RCU"). */
#include <net/if_inet6.h>

typeof(((struct ip6_sf_socklist *)0)->rcu) nta_has;
