// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints, found by name, that tell who receives from a socket, who listens,
 * who is about to end, and which connection has ended. They make the owner of a
 * receive-only socket known before a walk can, and by its thread. The module
 * works without them.
 *
 * The probes of receiving and ending are called by the task they are about.
 */
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>
#include <net/sock.h>

#include "owner.h"
#include "sock.h"
#include "task.h"
#include "trace.h"
#include "unowned.h"
#include "walk.h"

static __always_inline void nta_trace_received(struct sock *sk)
{
	enum nta_flow flow = NTA_TCP_SND;
	struct nta_sock *s;

	if (likely(nta_unowned_is_none_of(sk)) || current->flags & PF_KTHREAD)
		return;
	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return;
	if (sk->sk_protocol == IPPROTO_UDP)
		flow = NTA_UDP_SND;
	else if (sk->sk_type != SOCK_STREAM)
		return;
	rcu_read_lock();
	s = nta_sock_find(nta_sock_key(nta_sock_cookie(sk), flow));
	if (s && !rcu_access_pointer(s->owner))
		nta_owner_resolve(s, current);
	rcu_read_unlock();
}

/* sock_recv_length (Linux 6.3): a receiving system call is done. */
static void nta_trace_recv(void *unused, struct sock *sk, int ret, int flags)
{
	nta_trace_received(sk);
}

/*
 * skb_copy_datagram_iovec: the task takes data from some socket. Only a
 * datagram of UDP does not say from which, but the task holds a descriptor.
 */
static void nta_trace_copy(void *unused, const struct sk_buff *skb, int len)
{
	if (likely(!nta_unowned_any()))
		return;
	if (skb->sk)
		nta_trace_received(skb->sk);
	else if (unlikely(nta_unowned_any_new_udp()) &&
		 !(current->flags & PF_KTHREAD))
		nta_walk_current(true);
}

/*
 * sched_process_exit: a thread ends, and the last one of a process has yet to
 * close its files.
 */
static void nta_trace_exit(NTA_TRACE_EXIT_ARGS)
{
	struct nta_thread *thread;

	if (current->flags & PF_KTHREAD)
		return;
	if (!atomic_read(&current->signal->live)) {
		if (unlikely(nta_unowned_any_new()))
			nta_walk_current(false);
		return;
	}
	thread = nta_thread_find(task_pid(current));
	if (thread) {
		nta_owner_close(thread);
		nta_thread_put(thread);
	}
}

/* A listener need not send or receive before its process closes it. */
static void nta_trace_listen(const struct sock *sk)
{
	struct nta_sock *s;
	bool added;

	if (sk->sk_kern_sock || in_interrupt() || current->flags & PF_KTHREAD)
		return;
	s = nta_sock_add(nta_sock_key(nta_sock_cookie(sk), NTA_TCP_SND),
			 NTA_TCP_SND, &added);
	if (added)
		nta_owner_claim_new(s, current);
}

/*
 * inet_sock_set_state: of a connection that is no more, the entry is of no use,
 * unless the socket connects again.
 */
static void nta_trace_state(void *unused, const struct sock *sk, const int old,
			    const int new)
{
	struct nta_sock *s;
	u64 cookie;

	if (old != TCP_CLOSE && new != TCP_CLOSE)
		return;
	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	cookie = atomic64_read(&sk->sk_cookie);
	rcu_read_lock();
	s = cookie ? nta_sock_find(nta_sock_key(cookie, NTA_TCP_SND)) : NULL;
	if (s)
		WRITE_ONCE(s->closed, new == TCP_CLOSE);
	if (new == TCP_LISTEN)
		nta_trace_listen(sk);
	rcu_read_unlock();
}

/**
 * struct nta_trace - a tracepoint that is used
 * @name: of the tracepoint
 * @instead: index + 1 of another one, that makes this one needless
 * @probe: function that it calls
 * @tp: the tracepoint, when it exists and calls @probe
 */
struct nta_trace {
	const char *name;
	int instead;
	void *probe;
	struct tracepoint *tp;
};

static struct nta_trace nta_traces[] = {
	{ "sched_process_exit", 0, nta_trace_exit },
	{ "inet_sock_set_state", 0, nta_trace_state },
	{ "sock_recv_length", 0, nta_trace_recv },
	{ "skb_copy_datagram_iovec", 3, nta_trace_copy },
};

static void nta_trace_note(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_traces); i++) {
		if (!strcmp(tp->name, nta_traces[i].name))
			nta_traces[i].tp = tp;
	}
}

/**
 * nta_trace_setup - have the tracepoints that there are call the probes
 *
 * Not on real-time kernels, where a probe may not take the locks that it needs.
 */
void nta_trace_setup(void)
{
	struct nta_trace *trace;
	int i;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return;
	for_each_kernel_tracepoint(nta_trace_note, NULL);
	for (i = 0; i < ARRAY_SIZE(nta_traces); i++) {
		trace = &nta_traces[i];
		if (trace->instead && nta_traces[trace->instead - 1].tp)
			trace->tp = NULL;
		if (trace->tp &&
		    tracepoint_probe_register(trace->tp, trace->probe, NULL))
			trace->tp = NULL;
	}
}

/**
 * nta_trace_teardown - afterwards no probe is called or under way
 */
void nta_trace_teardown(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_traces); i++) {
		if (nta_traces[i].tp)
			tracepoint_probe_unregister(nta_traces[i].tp,
						    nta_traces[i].probe, NULL);
	}
	tracepoint_synchronize_unregister();
}
