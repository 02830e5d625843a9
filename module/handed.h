/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_HANDED_H
#define _NTA_HANDED_H

#include <net/sock.h>

#include "sock.h"

bool nta_handed_is_sure(const struct sock *sk);
enum nta_handed nta_handed(const struct sock *sk, bool sent);

#endif /* _NTA_HANDED_H */
