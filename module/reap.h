/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_REAP_H
#define _NTA_REAP_H

struct nta_proc;

void nta_reap_threads(struct nta_proc *proc);
void nta_reap_proc(struct nta_proc *proc);

#endif /* _NTA_REAP_H */
