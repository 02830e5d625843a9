/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_FOLD_H
#define _NTA_FOLD_H

struct nta_sock;
struct nta_thread;

void nta_fold_before(struct nta_sock *s, struct nta_thread *t);
void nta_fold(struct nta_sock *s, struct nta_thread *t);
void nta_fold_setup(void);

#endif /* _NTA_FOLD_H */
