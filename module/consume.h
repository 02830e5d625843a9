/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_CONSUME_H
#define _NTA_CONSUME_H

struct sock;

void nta_consume_want(void);
void nta_consume_setup(void (*received)(const struct sock *sk));
void nta_consume_teardown(void);

#endif /* _NTA_CONSUME_H */
