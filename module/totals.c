// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cpumask.h>
#include <linux/string.h>

#include "totals.h"

DEFINE_PER_CPU(struct nta_totals, nta_totals);

/**
 * nta_totals_read - sum the totals of all CPUs
 * @sum: receives the sums
 *
 * Context: any. CPUs go on counting, so the sums belong to no single instant.
 * CPUs that are offline keep what they counted.
 */
void nta_totals_read(struct nta_totals *sum)
{
	const size_t n = sizeof(*sum) / sizeof(u64);
	u64 *to = (u64 *)sum;
	size_t i;
	int cpu;

	BUILD_BUG_ON(sizeof(*sum) % sizeof(u64));
	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const u64 *from = (const u64 *)per_cpu_ptr(&nta_totals, cpu);

		for (i = 0; i < n; i++)
			to[i] += READ_ONCE(from[i]);
	}
}
