/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_RECORD_H
#define _NTA_RECORD_H

#include <linux/types.h>

struct nta_proc;
struct pid_namespace;

void nta_record_append(struct nta_proc *proc);
void nta_record_insert(struct nta_proc *proc);
void nta_record_remove(struct nta_proc *proc);
struct nta_proc *nta_record_from(u64 number);
struct nta_proc *nta_record_look(struct pid_namespace *ns, u64 *from);
bool nta_record_is_end(u64 from);

#endif /* _NTA_RECORD_H */
