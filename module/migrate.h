/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_MIGRATE_H
#define _NTA_MIGRATE_H

struct nta_proc;

void nta_migrate(struct nta_proc *proc);

#endif /* _NTA_MIGRATE_H */
