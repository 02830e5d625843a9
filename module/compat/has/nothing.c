// SPDX-License-Identifier: GPL-2.0-only
/* What the others include, which must compile. */
#include <linux/netdevice.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/udp.h>
#include <trace/events/sock.h>
