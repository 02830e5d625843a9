/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_ADVANCE_H
#define _NTA_ADVANCE_H

#include <net/sock.h>

#include "wire.h"

void nta_advance_take(const struct sock *sk, struct nta_wire *wire);
void nta_advance_setup(void);
void nta_advance_teardown(void);

#endif /* _NTA_ADVANCE_H */
