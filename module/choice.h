/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_CHOICE_H
#define _NTA_CHOICE_H

#include <linux/types.h>
#include <net/sock.h>

#include "lookup.h"
#include "totals.h"
#include "wire.h"

/**
 * typedef nta_choice_fn - a socket has been chosen for a packet that was noted
 * @sk: the socket, of any kind
 * @flow: NTA_TCP_SND or NTA_UDP_SND, perhaps plus NTA_LOOPBACK
 * @wire: what the packet was counted as, for no socket
 *
 * Context: softirq, or process with bottom halves off, or a breakpoint in them;
 * under rcu_read_lock().
 */
typedef void nta_choice_fn(struct sock *sk, enum nta_flow flow,
			   struct nta_wire wire);

bool nta_choice_await(const struct net *net, struct nta_ports ports,
		      enum nta_flow flow, struct nta_wire wire);
bool nta_choice_take(const struct sock *sk, struct nta_ports ports,
		     enum nta_flow *flow, struct nta_wire *wire);

void nta_choice_setup(nta_choice_fn *chosen);
void nta_choice_teardown(void);

#endif /* _NTA_CHOICE_H */
