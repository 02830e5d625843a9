// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accounting on and off at run time, for the administrator who suspects the
 * module. Off, nothing of it is in the way of a packet: hooks, probes and
 * tracepoints are unregistered, which costs a packet less than any test whether
 * accounting is on, in either state. What is known of sockets and processes
 * stays, and goes as they end or rest.
 */
#include <linux/ktime.h>
#include <linux/mutex.h>

#include "advance.h"
#include "defrag.h"
#include "hooks.h"
#include "param.h"
#include "switch.h"
#include "trace.h"

/* Protects all below. */
static DEFINE_MUTEX(nta_switch_mutex);

/* The parameter: what is wanted before setup, and what is since. */
static bool nta_switch_enabled = true;

/* Between setup and teardown; the parameter can be written before and after. */
static bool nta_switch_ready;

static u64 nta_switch_pauses;
static u64 nta_switch_off_ns;
static u64 nta_switch_off_since;

static int nta_switch_on(void)
{
	int err;

	nta_defrag_setup();
	err = nta_hooks_setup();
	if (err) {
		nta_defrag_teardown();
		return err;
	}
	nta_advance_setup();
	nta_trace_setup();
	return 0;
}

/* Probes first: what waits in records of fragments is settled with the hooks. */
static void nta_switch_off(void)
{
	nta_trace_teardown();
	nta_advance_teardown();
	nta_defrag_teardown();
	nta_hooks_teardown();
}

static void nta_switch_pause(void)
{
	nta_switch_pauses++;
	nta_switch_off_since = ktime_get_ns();
}

/* When it cannot be switched on, it stays off. */
static int nta_switch_turn(bool on)
{
	int err = 0;

	if (on == nta_switch_enabled)
		return 0;
	if (!on) {
		nta_switch_off();
		nta_switch_pause();
	} else {
		err = nta_switch_on();
		if (err)
			return err;
		nta_switch_off_ns += ktime_get_ns() - nta_switch_off_since;
	}
	nta_switch_enabled = on;
	pr_info("accounting is %s\n", on ? "on" : "off");
	return 0;
}

static int nta_switch_set(const char *text, const struct kernel_param *kp)
{
	bool on;
	int err;

	if (!nta_param_allowed())
		return -EPERM;
	err = kstrtobool(text, &on);
	if (err)
		return err;
	mutex_lock(&nta_switch_mutex);
	if (nta_switch_ready)
		err = nta_switch_turn(on);
	else
		nta_switch_enabled = on;
	mutex_unlock(&nta_switch_mutex);
	return err;
}

static const struct kernel_param_ops nta_switch_ops = {
	.set = nta_switch_set,
	.get = param_get_bool,
};

module_param_cb(enabled, &nta_switch_ops, &nta_switch_enabled, 0644);
__MODULE_PARM_TYPE(enabled, "bool");
MODULE_PARM_DESC(enabled, "account packets; what is carried while this is off is not counted (default Y)");

/**
 * nta_switch_stats - read how accounting was switched
 * @stats: receives it
 *
 * Context: process; sleeps.
 */
void nta_switch_stats(struct nta_switch_stats *stats)
{
	u64 ns;

	mutex_lock(&nta_switch_mutex);
	ns = nta_switch_off_ns;
	if (!nta_switch_enabled)
		ns += ktime_get_ns() - nta_switch_off_since;
	stats->on = nta_switch_enabled;
	stats->pauses = nta_switch_pauses;
	mutex_unlock(&nta_switch_mutex);
	stats->ms = div_u64(ns, NSEC_PER_MSEC);
}

/**
 * nta_switch_setup - begin to account, unless the parameter says otherwise
 *
 * Return: 0 or a negative errno.
 */
int nta_switch_setup(void)
{
	int err = 0;

	mutex_lock(&nta_switch_mutex);
	if (nta_switch_enabled)
		err = nta_switch_on();
	else
		nta_switch_pause();
	nta_switch_ready = !err;
	mutex_unlock(&nta_switch_mutex);
	return err;
}

/**
 * nta_switch_teardown - end accounting for good
 *
 * Afterwards no packet is under way in the module.
 */
void nta_switch_teardown(void)
{
	mutex_lock(&nta_switch_mutex);
	nta_switch_ready = false;
	if (nta_switch_enabled)
		nta_switch_off();
	mutex_unlock(&nta_switch_mutex);
}
