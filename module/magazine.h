/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NTA_MAGAZINE_H
#define _NTA_MAGAZINE_H

#include <linux/types.h>

struct kmem_cache;

void *nta_magazine_take(void);
bool nta_magazine_put(void *object);
int nta_magazine_setup(void);
void nta_magazine_teardown(struct kmem_cache *cache);

#endif /* _NTA_MAGAZINE_H */
