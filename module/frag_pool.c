// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for the records of fragments of one network namespace. What one
 * namespace takes, others do not lack: each keeps its first records.
 */
#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "frag_pool.h"

/* Chunks that namespaces have beyond their first ones. */
static atomic_t nta_frag_grown = ATOMIC_INIT(0);

/**
 * nta_frag_pool_get - an unused record
 * @pool: of the namespace
 *
 * Context: with the pool's lock held.
 *
 * Return: NULL when all are used.
 */
struct nta_frag *nta_frag_pool_get(struct nta_frag_pool *pool)
{
	struct nta_frag *f;

	f = list_first_entry_or_null(&pool->free, struct nta_frag, age);
	if (!f)
		return NULL;
	list_del(&f->age);
	pool->unused--;
	return f;
}

/**
 * nta_frag_pool_put - a record is used no more
 * @pool: of the namespace
 * @f: the record, in no list
 *
 * Context: with the pool's lock held.
 */
void nta_frag_pool_put(struct nta_frag_pool *pool, struct nta_frag *f)
{
	f->state = NTA_FRAG_FREE;
	list_add(&f->age, &pool->free);
	pool->unused++;
}

static bool nta_frag_pool_add(struct nta_frag_pool *pool, gfp_t gfp)
{
	struct nta_frag_chunk *chunk;
	unsigned long flags;
	int i;

	BUILD_BUG_ON(sizeof(*chunk) > 4096);
	chunk = kzalloc(sizeof(*chunk), gfp | __GFP_NOWARN);
	if (!chunk)
		return false;
	raw_spin_lock_irqsave(&pool->lock, flags);
	for (i = 0; i < NTA_FRAG_CHUNK; i++)
		nta_frag_pool_put(pool, &chunk->frags[i]);
	list_add_tail(&chunk->link, &pool->chunks);
	pool->total += NTA_FRAG_CHUNK;
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return true;
}

/* Of the memory that all namespaces share. */
static bool nta_frag_pool_add_shared(struct nta_frag_pool *pool)
{
	if (atomic_inc_return(&nta_frag_grown) <= NTA_FRAG_CHUNKS_GROWN &&
	    nta_frag_pool_add(pool, GFP_KERNEL))
		return true;
	atomic_dec(&nta_frag_grown);
	return false;
}

/**
 * nta_frag_pool_grow - twice as many records, if there is memory
 * @pool: of the namespace
 *
 * Context: process; sleeps.
 */
void nta_frag_pool_grow(struct nta_frag_pool *pool)
{
	unsigned int most;

	mutex_lock(&pool->mutex);
	most = min_t(unsigned int, 2 * pool->total,
		     NTA_FRAG_CHUNKS_MOST * NTA_FRAG_CHUNK);
	while (pool->total < most && !pool->stuck)
		WRITE_ONCE(pool->stuck, !nta_frag_pool_add_shared(pool));
	mutex_unlock(&pool->mutex);
}

/* Take a chunk out if most records are unused, and all of the chunk. */
static bool nta_frag_pool_take_out(struct nta_frag_pool *pool,
				   struct nta_frag_chunk *chunk)
{
	bool unused = pool->unused >= pool->total / 4 * 3 &&
		      pool->total > pool->least;
	int i;

	for (i = 0; i < NTA_FRAG_CHUNK; i++)
		unused &= chunk->frags[i].state == NTA_FRAG_FREE;
	if (!unused)
		return false;
	for (i = 0; i < NTA_FRAG_CHUNK; i++)
		list_del(&chunk->frags[i].age);
	list_del(&chunk->link);
	pool->total -= NTA_FRAG_CHUNK;
	pool->unused -= NTA_FRAG_CHUNK;
	return true;
}

/**
 * nta_frag_pool_shrink - give back what has not been needed for a while
 * @pool: of the namespace
 *
 * Context: process, with the pool's mutex held; sleeps.
 */
void nta_frag_pool_shrink(struct nta_frag_pool *pool)
{
	struct nta_frag_chunk *chunk, *next;
	unsigned long flags;
	bool out;

	WRITE_ONCE(pool->stuck, false);
	list_for_each_entry_safe_reverse(chunk, next, &pool->chunks, link) {
		raw_spin_lock_irqsave(&pool->lock, flags);
		out = nta_frag_pool_take_out(pool, chunk);
		raw_spin_unlock_irqrestore(&pool->lock, flags);
		if (out) {
			kfree(chunk);
			atomic_dec(&nta_frag_grown);
		}
		cond_resched();
	}
}

/**
 * nta_frag_pool_init - the first records of a namespace
 * @pool: of the namespace
 * @chunks: how much memory it keeps
 *
 * Context: process; sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int nta_frag_pool_init(struct nta_frag_pool *pool, unsigned int chunks)
{
	mutex_init(&pool->mutex);
	raw_spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->chunks);
	INIT_LIST_HEAD(&pool->free);
	pool->least = chunks * NTA_FRAG_CHUNK;
	while (pool->total < pool->least) {
		if (!nta_frag_pool_add(pool, GFP_KERNEL_ACCOUNT)) {
			pool->least = pool->total;
			nta_frag_pool_clean(pool);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * nta_frag_pool_clean - free the memory
 * @pool: of a namespace in which no fragment comes any more
 *
 * Context: process.
 */
void nta_frag_pool_clean(struct nta_frag_pool *pool)
{
	struct nta_frag_chunk *chunk, *next;

	atomic_sub((pool->total - pool->least) / NTA_FRAG_CHUNK, &nta_frag_grown);
	list_for_each_entry_safe(chunk, next, &pool->chunks, link)
		kfree(chunk);
}
