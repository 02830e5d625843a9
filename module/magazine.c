// SPDX-License-Identifier: GPL-2.0-only
/*
 * Free entries of sockets, ready to be used again: a magazine for each CPU, after
 * Bonwick and Adams, "Magazines and Vmem" (USENIX 2001). What a connection that lives
 * short takes of the allocator is otherwise clearing, twice where the kernel clears
 * what it allocates: pages that go back between two bursts, and each entry.
 */
#include <linux/bottom_half.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "magazine.h"

/* What a grace period brings back at once where 20,000 sockets close in a second. */
#define NTA_MAGAZINE_ROUNDS	512

/*
 * KASAN shall see who still uses what is free, and in real-time kernels bottom halves that
 * are off keep no other task off this CPU.
 */
#define NTA_MAGAZINE_OFF	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_PREEMPT_RT))

/**
 * struct nta_round - a free entry
 * @next: in the same magazine
 */
struct nta_round {
	struct nta_round *next;
};

/**
 * struct nta_magazine - the free entries of a CPU, changed by that with bottom halves off
 * @first: the one that was used last
 * @rounds: how many
 */
struct nta_magazine {
	struct nta_round *first;
	unsigned int rounds;
};

static struct nta_magazine __percpu *nta_magazines;

/**
 * nta_magazine_take - take a free entry
 *
 * Context: softirq or process, bottom halves off.
 * Return: the entry, not cleared; NULL when there is none.
 */
void *nta_magazine_take(void)
{
	struct nta_magazine *m = this_cpu_ptr(nta_magazines);
	struct nta_round *round = m->first;

	if (round) {
		m->first = round->next;
		m->rounds--;
	}
	return round;
}

/**
 * nta_magazine_put - keep an entry for the next one who takes
 * @object: nobody has it any more
 *
 * Context: softirq or process, bottom halves off.
 * Return: false when there are enough; then the caller frees it.
 */
bool nta_magazine_put(void *object)
{
	struct nta_magazine *m = this_cpu_ptr(nta_magazines);
	struct nta_round *round = object;

	if (NTA_MAGAZINE_OFF || m->rounds >= NTA_MAGAZINE_ROUNDS)
		return false;
	round->next = m->first;
	m->first = round;
	m->rounds++;
	return true;
}

/**
 * nta_magazine_setup - make the magazines, empty
 *
 * Return: 0 or a negative errno.
 */
int nta_magazine_setup(void)
{
	nta_magazines = alloc_percpu(struct nta_magazine);
	return nta_magazines ? 0 : -ENOMEM;
}

/**
 * nta_magazine_teardown - free all that is in the magazines, and them
 * @cache: where it came from
 *
 * Nobody may take or put any more.
 */
void nta_magazine_teardown(struct kmem_cache *cache)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct nta_magazine *m = per_cpu_ptr(nta_magazines, cpu);

		while (m->first) {
			struct nta_round *round = m->first;

			m->first = round->next;
			kmem_cache_free(cache, round);
		}
	}
	free_percpu(nta_magazines);
}
