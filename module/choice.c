// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets whose socket a BPF program chooses. A program may count, so that it
 * must not be asked before the stack asks it. A packet of that kind is counted
 * for no socket at first, and noted on its processor, which goes on with it at
 * once: to the answer to a SYN, that LOCAL_OUT sees with the request of the
 * listener, or to the queue of a UDP socket. There it is moved to that socket.
 * What the stack drops instead stays as it is.
 *
 * Queues are seen by a probe, that each datagram received on the host would
 * meet: it is there only once a program that chooses has been seen.
 */
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/udp.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "choice.h"
#include "probe.h"

/**
 * struct nta_choice - the last packet of a processor whose socket is not chosen yet
 * @net: its namespace, to compare with and never to follow; NULL for none
 * @ports: of the packet
 * @flow: what it is, with its scope
 * @wire: what it was counted as
 */
struct nta_choice {
	const struct net *net;
	struct nta_ports ports;
	enum nta_flow flow;
	struct nta_wire wire;
};

/* Of TCP and of UDP. */
static DEFINE_PER_CPU(struct nta_choice, nta_choices[2]);

/* Does the probe on queues tell, as far as is known? */
static bool nta_choice_probed;
static struct nta_probe_watch nta_choice_watch;

/* What the probe calls, where there is one. */
static nta_choice_fn *nta_choice_chosen __maybe_unused;

static void nta_choice_want(void);

/**
 * nta_choice_await - note a packet until the stack has chosen its socket
 * @net: its namespace
 * @ports: of the packet
 * @flow: NTA_TCP_SND, for a SYN, or NTA_UDP_SND, perhaps plus NTA_LOOPBACK
 * @wire: what it is counted as
 *
 * Context: softirq, or process with bottom halves off.
 * Return: false when nobody will tell.
 */
bool nta_choice_await(const struct net *net, struct nta_ports ports,
		      enum nta_flow flow, struct nta_wire wire)
{
	struct nta_choice *choice;

	if (!in_softirq())
		return false;
	if (nta_flow_is_udp(flow) && !READ_ONCE(nta_choice_probed)) {
		nta_choice_want();
		return false;
	}
	if (nta_flow_is_udp(flow) &&
	    nta_probe_missed(&nta_choice_watch, "the members of groups with a program are guessed"))
		return false;
	choice = this_cpu_ptr(&nta_choices[nta_flow_is_udp(flow)]);
	choice->ports = ports;
	choice->flow = flow;
	choice->wire = wire;
	choice->net = net;
	return true;
}

/**
 * nta_choice_take - take the note of a packet for which a socket has been chosen
 * @sk: the socket, of any kind
 * @ports: of the packet
 * @flow: NTA_TCP_SND or NTA_UDP_SND; receives the packet's, which may be over loopback
 * @wire: receives what the packet was counted as
 *
 * Context: any; only with bottom halves off can there be one.
 * Return: whether there was one.
 */
bool nta_choice_take(const struct sock *sk, struct nta_ports ports,
		     enum nta_flow *flow, struct nta_wire *wire)
{
	struct nta_choice *choice;

	if (!in_softirq())
		return false;
	choice = this_cpu_ptr(&nta_choices[nta_flow_is_udp(*flow)]);
	if (choice->net != sock_net(sk) || choice->ports.source != ports.source ||
	    choice->ports.dest != ports.dest)
		return false;
	*flow = choice->flow;
	*wire = choice->wire;
	choice->net = NULL;
	return true;
}

#ifdef NTA_PROBES

/*
 * int __udp_enqueue_schedule_skb(struct sock *sk, struct sk_buff *skb): the
 * arguments are those of Linux 4.10.
 */
static int nta_choice_queue(struct kprobe *kp, struct pt_regs *regs)
{
	struct sock *sk = (void *)nta_argument(regs, 0);
	const struct sk_buff *skb = (void *)nta_argument(regs, 1);
	const struct udphdr *uh = udp_hdr(skb);
	struct nta_ports ports = { uh->source, uh->dest };
	enum nta_flow flow = NTA_UDP_SND;
	struct nta_wire wire;

	if (nta_break_probes)
		return 0;
	nta_probe_reached(&nta_choice_watch);
	if (nta_choice_take(sk, ports, &flow, &wire))
		nta_choice_chosen(sk, flow, wire);
	return 0;
}

/* int reuseport_attach_prog(struct sock *sk, struct bpf_prog *prog) */
static int nta_choice_group(struct kprobe *kp, struct pt_regs *regs)
{
	const struct sock *sk = (void *)nta_argument(regs, 0);
	const struct bpf_prog *prog = (void *)nta_argument(regs, 1);

	if (sk->sk_protocol == IPPROTO_UDP && !nta_lookup_may_ask(prog))
		nta_choice_want();
	return 0;
}

/* int netns_bpf_link_create(const union bpf_attr *attr, struct bpf_prog *prog) */
static int nta_choice_link(struct kprobe *kp, struct pt_regs *regs)
{
	const struct bpf_prog *prog = (void *)nta_argument(regs, 1);

	if (prog->type == BPF_PROG_TYPE_SK_LOOKUP)
		nta_choice_want();
	return 0;
}

static struct kprobe nta_choice_queue_probe = {
	.symbol_name = "__udp_enqueue_schedule_skb",
	.pre_handler = nta_choice_queue,
};

/* Where programs begin to choose; without these, their first packet tells. */
static struct kprobe nta_choice_attach_probes[] = {
	{
		.symbol_name = "reuseport_attach_prog",
		.pre_handler = nta_choice_group,
	},
	{
		.symbol_name = "netns_bpf_link_create",
		.pre_handler = nta_choice_link,
	},
};

static bool nta_choice_attach_probed[ARRAY_SIZE(nta_choice_attach_probes)];

static void nta_choice_work_fn(struct work_struct *work)
{
	int err;

	if (READ_ONCE(nta_choice_probed))
		return;
	err = nta_probe_register(&nta_choice_queue_probe);
	if (err) {
		pr_info_once("no probe on %s (error %d): the members of groups with a program are guessed\n",
			     nta_choice_queue_probe.symbol_name, err);
		return;
	}
	nta_probe_expect(&nta_choice_watch, nta_choice_queue_probe.symbol_name);
	WRITE_ONCE(nta_choice_probed, true);
}

static DECLARE_WORK(nta_choice_work, nta_choice_work_fn);

/* Has a program been seen since setup? */
static unsigned long nta_choice_wanted;

/* Any context: in an NMI, the next packet asks again. */
static void nta_choice_want(void)
{
	if (!in_nmi() && !test_bit(0, &nta_choice_wanted) &&
	    !test_and_set_bit(0, &nta_choice_wanted))
		schedule_work(&nta_choice_work);
}

/**
 * nta_choice_setup - begin to watch for programs that choose
 * @chosen: called when the socket of a datagram has been chosen
 */
void nta_choice_setup(nta_choice_fn *chosen)
{
	int i;

	nta_choice_chosen = chosen;
	clear_bit(0, &nta_choice_wanted);
	for (i = 0; i < ARRAY_SIZE(nta_choice_attach_probes); i++)
		nta_choice_attach_probed[i] =
			!nta_probe_register(&nta_choice_attach_probes[i]);
}

/**
 * nta_choice_teardown - watch no more
 *
 * The hooks must be gone. Afterwards nothing is under way in the probes.
 */
void nta_choice_teardown(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(nta_choice_attach_probes); i++)
		if (nta_choice_attach_probed[i])
			unregister_kprobe(&nta_choice_attach_probes[i]);
	set_bit(0, &nta_choice_wanted);
	cancel_work_sync(&nta_choice_work);
	if (nta_choice_probed)
		unregister_kprobe(&nta_choice_queue_probe);
	nta_choice_probed = false;
}

#else

static void nta_choice_want(void)
{
}

void nta_choice_setup(nta_choice_fn *chosen)
{
}

void nta_choice_teardown(void)
{
}

#endif
