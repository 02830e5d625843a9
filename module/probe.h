/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes on functions of the kernel that are no tracepoints. A compiler that sees
 * the whole kernel at once may have put such a function into its callers: then
 * the probe is there and never reached.
 */
#ifndef _NTA_PROBE_H
#define _NTA_PROBE_H

#include <linux/compiler.h>
#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/types.h>

#include "compat/argument.h"

/* Not on real-time kernels, where a probe may not take the locks that it needs. */
#if defined(CONFIG_KPROBES) && defined(NTA_ARGUMENTS) && !defined(CONFIG_PREEMPT_RT)
#define NTA_PROBES
#endif

/* What should have met a probe, before it is taken for one that nothing meets. */
#define NTA_PROBE_PATIENCE	16

/* Debug builds can pass over what their probes tell. */
#ifdef NETATOP_DEBUG
extern bool nta_break_probes;
#else
#define nta_break_probes	false
#endif

/**
 * struct nta_probe_watch - is a probe reached?
 * @name: of its function; NULL while it is not there
 * @reached: it was
 * @missed: what should have met it before it was reached, at most
 *	NTA_PROBE_PATIENCE; not exact
 */
struct nta_probe_watch {
	const char *name;
	bool reached;
	unsigned int missed;
};

/* The probe is there from now on. */
static inline void nta_probe_expect(struct nta_probe_watch *watch, const char *name)
{
	watch->reached = false;
	watch->missed = 0;
	watch->name = name;
}

/* Called by the probe. Any context. */
static inline void nta_probe_reached(struct nta_probe_watch *watch)
{
	if (!READ_ONCE(watch->reached))
		WRITE_ONCE(watch->reached, true);
}

/**
 * nta_probe_missed - something should have met a probe that is there
 * @watch: of the probe
 * @instead: what is done without it, for the log
 *
 * Says once when nothing ever meets it.
 *
 * Context: any but NMI.
 * Return: whether nothing will.
 */
static inline bool nta_probe_missed(struct nta_probe_watch *watch, const char *instead)
{
	unsigned int missed = READ_ONCE(watch->missed);

	if (!watch->name || READ_ONCE(watch->reached))
		return false;
	if (missed >= NTA_PROBE_PATIENCE)
		return true;
	if (cmpxchg(&watch->missed, missed, missed + 1) == missed &&
	    missed + 1 == NTA_PROBE_PATIENCE)
		pr_warn("the probe on %s() is never reached, as in kernels built with link-time optimisation: %s\n",
			watch->name, instead);
	return missed + 1 >= NTA_PROBE_PATIENCE;
}

/* Forget what registering left there the last time. */
static inline void nta_probe_forget(struct kprobe *probe)
{
	probe->addr = NULL;
	probe->flags = 0;
}

/**
 * nta_probe_register - register a probe, also one that has been before
 * @probe: the probe, by the name of its function
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
static inline int nta_probe_register(struct kprobe *probe)
{
	nta_probe_forget(probe);
	return register_kprobe(probe);
}

#endif /* _NTA_PROBE_H */
