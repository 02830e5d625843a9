// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints, found by name, that tell who receives from a socket, who listens,
 * who is about to end, and which connection has ended. They make the owner of a
 * receive-only socket known before a walk can, and by its thread. The module
 * works without them. A probe stands in for the one that old kernels lack.
 *
 * The probes of receiving and ending are called by the task they are about.
 */
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "closing.h"
#include "compat/trace.h"
#include "consume.h"
#include "handed.h"
#include "migrate.h"
#include "owner.h"
#include "reader.h"
#include "recent.h"
#include "sock.h"
#include "task.h"
#include "trace.h"
#include "unowned.h"
#include "walk.h"

/*
 * Where the stream that a connection sends ends, without the FIN, which is no
 * data; 0 for other sockets.
 */
static u32 nta_trace_written(const struct sock *sk)
{
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	return READ_ONCE(tcp_sk(sk)->write_seq) -
	       !!(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN);
}

/* The current task receives from a socket that might become its own. */
static noinline void nta_trace_read(const struct sock *sk)
{
	enum nta_flow flow = NTA_TCP_SND;
	struct nta_sock *s;

	if (current->flags & PF_KTHREAD)
		return;
	if (sk->sk_family != AF_INET && sk->sk_family != AF_INET6)
		return;
	if (sk->sk_protocol == IPPROTO_UDP)
		flow = NTA_UDP_SND;
	else if (sk->sk_type != SOCK_STREAM)
		return;
	rcu_read_lock();
	s = nta_sock_find(nta_sock_key_of(sk, nta_sock_cookie(sk), flow));
	if (s && READ_ONCE(s->claim) != NTA_CLAIM_SEND && !nta_reader_is_owner(s))
		nta_owner_read(s, current, nta_trace_written(sk));
	rcu_read_unlock();
}

/*
 * sock_recv_length (Linux 6.3): a receiving system call is done. Not all that
 * are called receive, and errors come back to who sends.
 */
static void __maybe_unused
nta_trace_recv(void *unused, struct sock *sk, int ret, int flags)
{
	if (likely(nta_reader_is_settled_of(sk)))
		return;
	if (ret >= 0 && !(flags & MSG_ERRQUEUE))
		nta_trace_read(sk);
}

/* The current task has received a datagram, in kernels without sock_recv_length. */
static void nta_trace_consume(const struct sock *sk)
{
	if (unlikely(!nta_reader_is_settled_of(sk)))
		nta_trace_read(sk);
}

/*
 * skb_copy_datagram_iovec: the task takes data from some socket. Only a
 * datagram of UDP does not say from which, but the task holds a descriptor.
 */
static void nta_trace_copy(void *unused, const struct sk_buff *skb, int len)
{
	const struct sock *sk = skb->sk;

	if (likely(sk)) {
		if (unlikely(!nta_reader_is_settled_of(sk)))
			nta_trace_read(sk);
		return;
	}
	if (unlikely(nta_unowned_any_new_udp()) && !(current->flags & PF_KTHREAD))
		nta_walk_received(skb);
}

/*
 * sched_process_exit: a thread ends, and the last one of a process has yet to
 * close its files.
 */
static void nta_trace_exit(void *unused, struct task_struct *task)
{
	struct nta_thread *thread;

	if (current->flags & PF_KTHREAD)
		return;
	if (unlikely(nta_unowned_any_new()))
		nta_walk_end();
	if (!atomic_read(&current->signal->live))
		return;
	thread = nta_thread_find(task_pid(current));
	if (thread) {
		nta_owner_close(thread);
		nta_thread_put(thread);
	}
}

/* The same, in kernels that say whether it is the last one (Linux 6.16). */
static void __maybe_unused nta_trace_exit_last(void *unused,
					       struct task_struct *task, bool last)
{
	nta_trace_exit(unused, task);
}

/* A listener need not send or receive before its process closes it. */
static void nta_trace_listen(const struct sock *sk)
{
	struct nta_sock *s;
	bool added;

	if (sk->sk_kern_sock || in_interrupt() || current->flags & PF_KTHREAD ||
	    nta_handed_is_sure(sk))
		return;
	local_bh_disable();
	s = nta_sock_add(sk, nta_sock_key(nta_sock_cookie(sk), NTA_TCP_SND) |
			     NTA_KEY_NO_SCOPE, &added);
	if (added)
		nta_owner_claim_new(s, current, NTA_CLAIM_SEND);
	local_bh_enable();
}

/* Does the application close its connection, or is that no more? */
static bool nta_trace_is_closing(int old, int new)
{
	return old != TCP_CLOSE &&
	       (new == TCP_CLOSE || new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK);
}

/* A connection is no more: some that closed before go now, with what they still sent. */
static void nta_trace_closed(u64 key)
{
	const u64 *before;

	local_bh_disable();
	before = nta_recent_close(key);
	if (unlikely(before))
		nta_owner_drop_closed(before, NTA_RECENT);
	local_bh_enable();
}

/* A connection begins or ends. */
static noinline void nta_trace_change(const struct sock *sk, int old, int new)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	u64 key = nta_sock_key(cookie, NTA_TCP_SND);
	struct nta_sock *s;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	rcu_read_lock();
	s = cookie ? nta_sock_find(key) : NULL;
	if (s)
		WRITE_ONCE(s->closed, new == TCP_CLOSE);
	if (cookie && nta_trace_is_closing(old, new) && nta_closing_is_wanted())
		nta_closing_note(sk, key, s, new == TCP_CLOSE);
	if (s && new == TCP_CLOSE)
		nta_trace_closed(key);
	if (new == TCP_LISTEN)
		nta_trace_listen(sk);
	rcu_read_unlock();
}

/*
 * inet_sock_set_state: of a connection that is no more, the entry is of no use,
 * unless the socket connects again.
 */
static void nta_trace_state(void *unused, const struct sock *sk, const int old,
			    const int new)
{
	if (likely(old != TCP_CLOSE && !nta_trace_is_closing(old, new)))
		return;
	nta_trace_change(sk, old, new);
}

/*
 * cgroup_attach_task: a task, or all of its process, has gone to another cgroup.
 * Interrupts are off.
 */
static void __maybe_unused
nta_trace_attach(void *unused, struct cgroup *cgroup, const char *path,
		 struct task_struct *task, bool threadgroup)
{
	nta_migrate_task(task, threadgroup);
}

/**
 * struct nta_trace - a tracepoint that is used
 * @name: of the tracepoint
 * @instead: index + 1 of another one, that makes this one needless
 * @probe: function that it calls, NULL when this kernel has no such tracepoint
 * @tp: the tracepoint, when it exists and calls @probe
 */
struct nta_trace {
	const char *name;
	int instead;
	void *probe;
	struct tracepoint *tp;
};

/* The place of sock_recv_length. */
#define NTA_TRACE_RECV	3

static struct nta_trace nta_traces[] = {
	{ "sched_process_exit", 0,
	  NTA_PROBE_OF(sched_process_exit, nta_trace_exit, nta_trace_exit_last) },
	{ "cgroup_attach_task", 0, NTA_PROBE_CGROUP(nta_trace_attach) },
	{ "inet_sock_set_state", 0, NTA_PROBE(inet_sock_set_state, nta_trace_state) },
	[NTA_TRACE_RECV] = { "sock_recv_length", 0, NTA_PROBE_RECV(nta_trace_recv) },
	{ "skb_copy_datagram_iovec", NTA_TRACE_RECV + 1,
	  NTA_PROBE(skb_copy_datagram_iovec, nta_trace_copy) },
};

static void nta_trace_note(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_traces); i++) {
		if (nta_traces[i].probe && !strcmp(tp->name, nta_traces[i].name))
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
	if (!nta_traces[NTA_TRACE_RECV].tp)
		nta_consume_setup(nta_trace_consume);
}

/**
 * nta_trace_teardown - afterwards no probe is called or under way
 */
void nta_trace_teardown(void)
{
	int i;

	nta_consume_teardown();
	for (i = 0; i < ARRAY_SIZE(nta_traces); i++) {
		if (nta_traces[i].tp)
			tracepoint_probe_unregister(nta_traces[i].tp,
						    nta_traces[i].probe, NULL);
	}
	tracepoint_synchronize_unregister();
	nta_closing_forget();
}
