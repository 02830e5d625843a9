// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP sockets that close. No tracepoint tells of them, so there are probes on what
 * the kernel calls then, while somebody listens to sockets that close: nobody tells when
 * that begins, so it is looked at from time to time.
 */
#include <linux/kprobes.h>
#include <net/sock.h>

#include "closing.h"
#include "probe.h"
#include "sock.h"
#include "udp_end.h"

#ifdef NTA_PROBES

/*
 * void udp_destroy_sock(struct sock *sk) and udpv6_destroy_sock(), in process context, with
 * the addresses still there. A breakpoint may take no locks.
 */
static int nta_udp_end_reached(struct kprobe *kp, struct pt_regs *regs)
{
	const struct sock *sk = (void *)nta_argument(regs, 0);
	u64 cookie, key;

	if (in_nmi() || !nta_closing_is_wanted())
		return 0;
	cookie = atomic64_read(&sk->sk_cookie);
	if (!cookie || sk->sk_protocol != IPPROTO_UDP)
		return 0;
	key = nta_sock_key_of(sk, cookie, NTA_UDP_SND);
	rcu_read_lock();
	nta_closing_note(sk, key, nta_sock_find(key), true);
	rcu_read_unlock();
	return 0;
}

/**
 * struct nta_udp_end - a probe
 * @probe: the probe
 * @there: it is registered
 */
struct nta_udp_end {
	struct kprobe probe;
	bool there;
};

/* Changed by the periodic work alone, and when that cannot run any more. */
static struct nta_udp_end nta_udp_ends[] = {
	{ .probe = { .symbol_name = "udp_destroy_sock",
		     .pre_handler = nta_udp_end_reached } },
	{ .probe = { .symbol_name = "udpv6_destroy_sock",
		     .pre_handler = nta_udp_end_reached } },
};

/* Without IPv6 there is none of the second; that is tried again. */
static void nta_udp_end_begin(struct nta_udp_end *end)
{
	int err = nta_probe_register(&end->probe);

	end->there = !err;
	if (err && err != -ENOENT)
		pr_info_once("no probe on %s (error %d): UDP sockets that close are not told\n",
			     end->probe.symbol_name, err);
}

static void nta_udp_end_end(struct nta_udp_end *end)
{
	unregister_kprobe(&end->probe);
	end->there = false;
}

/**
 * nta_udp_end_look - does anybody listen by now, or no longer?
 *
 * Context: process; sleeps. Once in a collection.
 */
void nta_udp_end_look(void)
{
	bool wanted = nta_closing_is_wanted();
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_udp_ends); i++) {
		if (wanted && !nta_udp_ends[i].there)
			nta_udp_end_begin(&nta_udp_ends[i]);
		else if (!wanted && nta_udp_ends[i].there)
			nta_udp_end_end(&nta_udp_ends[i]);
	}
}

/**
 * nta_udp_end_teardown - tell no more
 *
 * Nobody looks any more.
 */
void nta_udp_end_teardown(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_udp_ends); i++) {
		if (nta_udp_ends[i].there)
			nta_udp_end_end(&nta_udp_ends[i]);
	}
}

#else

void nta_udp_end_look(void)
{
}

void nta_udp_end_teardown(void)
{
}

#endif
