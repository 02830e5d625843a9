// SPDX-License-Identifier: GPL-2.0-only
/*
 * Debug builds test themselves while they are loaded, before the first packet,
 * and refuse to load when something is not as it should be.
 */
#include <linux/bits.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "frag.h"
#include "owner.h"
#include "selftest.h"
#include "sock.h"
#include "task.h"
#include "unowned.h"
#include "wire.h"

/* Sockets in the test: enough for the table to grow and shrink. */
#define NTA_SELFTEST_SOCKS	1000
/* No real cookie comes this far. */
#define NTA_SELFTEST_COOKIE	BIT_ULL(60)

static unsigned int nta_fail_step;
module_param_named(fail_step, nta_fail_step, uint, 0);
MODULE_PARM_DESC(fail_step, "this step of loading fails, from 1 on");

static bool nta_fail_selftest;
module_param_named(fail_selftest, nta_fail_selftest, bool, 0);
MODULE_PARM_DESC(fail_selftest, "the self-test fails");

#define nta_expect(condition) ({ \
	bool nta_ok = (condition); \
	\
	if (!nta_ok) \
		pr_err("self-test, line %d: not so: %s\n", __LINE__, #condition); \
	nta_ok; \
})

/**
 * nta_selftest_step - is this step of loading the one that is to fail?
 *
 * Return: 0 or -ENOMEM.
 */
int nta_selftest_step(void)
{
	static unsigned int step;

	return ++step == nta_fail_step ? -ENOMEM : 0;
}

static bool nta_selftest_is(struct nta_wire wire, u64 packets, u64 bytes)
{
	return wire.packets == packets && wire.bytes == bytes;
}

static bool nta_selftest_wire(void)
{
	const struct nta_wire_path ethernet = {
		.mtu = 1500, .header = 20, .link = { .header = 14 },
	};
	const struct nta_wire_path whole = { .mtu = 1500, .header = 20, .whole = true };
	const struct nta_wire_path six = { .mtu = 1500, .header = 40, .ipv6 = true };
	const struct nta_wire_gso gso = { .len = 40 + 3000, .headers = 40, .size = 1460 };
	bool ok = true;

	ok &= nta_expect(nta_selftest_is(nta_wire_plain(100, 14), 1, 114));
	ok &= nta_expect(nta_selftest_is(nta_wire_segments(&gso, &ethernet.link),
					 3, 3000 + 3 * 54));
	ok &= nta_expect(nta_selftest_is(nta_wire_fragments(1500, &ethernet), 1, 1514));
	ok &= nta_expect(nta_selftest_is(nta_wire_fragments(1501, &ethernet), 2, 1501 + 20 + 28));
	ok &= nta_expect(nta_selftest_is(nta_wire_fragments(1501, &whole), 0, 0));
	ok &= nta_expect(nta_selftest_is(nta_wire_fragments(1501, &six), 2, 1501 + 40 + 16));
	return ok;
}

/* What names the entries that the test makes. */
static struct sock nta_selftest_sk;

static bool nta_selftest_sock(u64 key)
{
	bool added, again, ok = true;
	struct nta_count count = {};
	struct nta_sock *s, *peeked;

	rcu_read_lock();
	local_bh_disable();
	s = nta_sock_add(&nta_selftest_sk, key, &added);
	if (!nta_expect(s && added)) {
		ok = false;
		goto out;
	}
	ok &= nta_expect(nta_owner_claim_new(s, current, NTA_CLAIM_SEND));
	ok &= nta_expect(s->pid == task_pid(current));
	ok &= nta_expect(nta_sock_find(key) == s);
	peeked = nta_sock_peek(nta_sock_table(), nta_sock_key_cookie(key), key);
	ok &= nta_expect(!peeked || peeked == s); /* it may miss while the table grows */
	ok &= nta_expect(nta_sock_add(&nta_selftest_sk, key, &again) == s && !again);

	nta_sock_count(s, NTA_SND, 3, 300);
	nta_sock_count(s, NTA_RCV, 1, 50);
	nta_sock_count(s, NTA_SND, 1, 1);
	ok &= nta_expect(nta_held_take(&s->held, NTA_SND, &count));
	ok &= nta_expect(count.packets == 4 && count.bytes == 301);
	ok &= nta_expect(nta_held_take(&s->held, NTA_RCV, &count));
	ok &= nta_expect(count.packets == 1 && count.bytes == 50);
	ok &= nta_expect(!nta_held_take(&s->held, NTA_SND, &count));
	ok &= nta_expect(!nta_held_take(&s->held, NTA_RCV, &count));
out:
	local_bh_enable();
	rcu_read_unlock();
	return ok;
}

/* Drop the sockets of the current task, as at the end of a process. */
static bool nta_selftest_release(void)
{
	struct nta_thread *thread;
	bool ok = true;

	mutex_lock(&nta_task_mutex);
	thread = nta_thread_find(task_pid(current));
	ok &= nta_expect(thread);
	if (thread) {
		nta_owner_release(thread);
		ok &= nta_expect(list_empty(&thread->socks));
		nta_thread_put(thread);
	}
	mutex_unlock(&nta_task_mutex);
	rcu_barrier();
	return ok;
}

static bool nta_selftest_tables(void)
{
	unsigned int i;
	bool ok = true;

	sock_net_set(&nta_selftest_sk, &init_net);
	for (i = 0; ok && i < NTA_SELFTEST_SOCKS; i++)
		ok &= nta_selftest_sock(nta_sock_key(NTA_SELFTEST_COOKIE + i, NTA_UDP_SND));
	ok &= nta_expect(atomic_read(&nta_procs.nelems) == 1);
	ok &= nta_expect(atomic_read(&nta_threads.nelems) == 1);
	ok &= nta_expect(nta_unowned_any() == 0);
	ok &= nta_selftest_release();
	ok &= nta_expect(atomic_long_read(&nta_sock_objects) == 0);
	ok &= nta_expect(atomic_read(&nta_socks.nelems) == 0);
	return ok;
}

/* Whoever limits the tables too much for the test, now or while it runs, cuts it short. */
static bool nta_selftest_tables_unless_full(void)
{
	bool ok = nta_selftest_tables();

	if (!atomic64_read(&nta_sock_overflows) && !atomic64_read(&nta_task_overflows))
		return ok;
	atomic64_set(&nta_sock_overflows, 0);
	atomic64_set(&nta_task_overflows, 0);
	pr_info("self-test cut short, a table was full\n");
	return true;
}

/**
 * nta_selftest - is what was set up by now as it should be?
 *
 * Return: 0, or -EINVAL after a message that says what is not.
 */
int nta_selftest(void)
{
	bool ok = true;

	ok &= nta_selftest_wire();
	ok &= nta_selftest_tables_unless_full();
	ok &= nta_expect(nta_frag_intact());
	ok &= nta_expect(!nta_fail_selftest);
	if (ok)
		pr_info("self-test passed\n");
	return ok ? 0 : -EINVAL;
}
