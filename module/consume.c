// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who receives a datagram, in kernels that have no tracepoint which tells it: a
 * probe on the function that ends udp_recvmsg() and udpv6_recvmsg(). Each datagram
 * that is received on the host would meet it, so it is there only once a socket
 * has been seen that several processes hold and none has sent on: of any other
 * socket a search tells whose it is.
 */
#include <linux/kprobes.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "consume.h"
#include "probe.h"

#ifdef NTA_PROBES

/* What the probe calls; NULL while nobody wants to know. */
static void (*nta_consume_received)(const struct sock *sk);

/* Is the probe there? Written by the work, and when that cannot run any more. */
static bool nta_consume_probed;

/*
 * void skb_consume_udp(struct sock *sk, struct sk_buff *skb, int len): the
 * arguments are those of Linux 4.10. A breakpoint may take no locks.
 */
static int nta_consume_done(struct kprobe *kp, struct pt_regs *regs)
{
	if (!in_nmi())
		nta_consume_received((void *)nta_argument(regs, 0));
	return 0;
}

static struct kprobe nta_consume_probe = {
	.symbol_name = "skb_consume_udp",
	.pre_handler = nta_consume_done,
};

static void nta_consume_work_fn(struct work_struct *work)
{
	int err = nta_probe_register(&nta_consume_probe);

	if (err)
		pr_info_once("no probe on %s (error %d): who receives what several hold is guessed\n",
			     nta_consume_probe.symbol_name, err);
	else
		nta_consume_probed = true;
}

static DECLARE_WORK(nta_consume_work, nta_consume_work_fn);

/* Has such a socket been seen, or does nobody want to know? Written under the lock. */
static bool nta_consume_wanted = true;
static DEFINE_SPINLOCK(nta_consume_lock);

/**
 * nta_consume_want - a UDP socket without owner has several holders
 *
 * From soon on, who receives from it is told.
 *
 * Context: softirq or process.
 */
void nta_consume_want(void)
{
	if (READ_ONCE(nta_consume_wanted))
		return;
	spin_lock_bh(&nta_consume_lock);
	if (!nta_consume_wanted) {
		WRITE_ONCE(nta_consume_wanted, true);
		schedule_work(&nta_consume_work);
	}
	spin_unlock_bh(&nta_consume_lock);
}

/**
 * nta_consume_setup - begin to watch for sockets that several hold
 * @received: called when the current task has received a datagram; in process
 *	context, does not sleep
 */
void nta_consume_setup(void (*received)(const struct sock *sk))
{
	nta_consume_received = received;
	WRITE_ONCE(nta_consume_wanted, false);
}

/**
 * nta_consume_teardown - tell no more
 *
 * Afterwards nothing is under way in the probe, and nobody can ask for it.
 */
void nta_consume_teardown(void)
{
	spin_lock_bh(&nta_consume_lock);
	WRITE_ONCE(nta_consume_wanted, true);
	spin_unlock_bh(&nta_consume_lock);
	cancel_work_sync(&nta_consume_work);
	if (nta_consume_probed)
		unregister_kprobe(&nta_consume_probe);
	nta_consume_probed = false;
}

#else

void nta_consume_want(void)
{
}

void nta_consume_setup(void (*received)(const struct sock *sk))
{
}

void nta_consume_teardown(void)
{
}

#endif
