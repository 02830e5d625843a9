// SPDX-License-Identifier: GPL-2.0-only
/*
 * The look-ups that are not plain, and programs that choose from a group.
 */
#include <linux/inetdevice.h>
#include <net/ipv6.h>

#include "lookup.h"

/* A longer program is not searched for random numbers. */
#define NTA_LOOKUP_LONGEST	256

/**
 * struct nta_query - what the stack asks for a received packet
 * @skb: the packet
 * @net: its namespace
 * @ports: in the order of the packet
 * @dif: device that it came for
 * @sdif: the one that belongs to the VRF @dif; 0 without
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 */
struct nta_query {
	struct sk_buff *skb;
	struct net *net;
	struct nta_ports ports;
	int dif;
	int sdif;
	u8 pf;
};

/* How a classic program calls for a random number. */
static struct bpf_insn nta_lookup_random;

static struct sock *find_established(const struct nta_query *q)
{
	u16 port = ntohs(q->ports.dest);

	if (q->pf == NFPROTO_IPV4)
		return nta_inet_lookup_established(q->net, ip_hdr(q->skb)->saddr,
						   q->ports.source,
						   ip_hdr(q->skb)->daddr, port,
						   q->dif, q->sdif);
	return nta_inet6_lookup_established(q->net, &ipv6_hdr(q->skb)->saddr,
					    q->ports.source,
					    &ipv6_hdr(q->skb)->daddr, port,
					    q->dif, q->sdif);
}

static struct sock *find_listener(const struct nta_query *q)
{
	u16 port = ntohs(q->ports.dest);

	if (q->pf == NFPROTO_IPV4)
		return nta_inet_lookup_listener(q->net, ip_hdr(q->skb)->saddr,
						q->ports.source,
						ip_hdr(q->skb)->daddr, port,
						q->dif, q->sdif);
	return nta_inet6_lookup_listener(q->net, &ipv6_hdr(q->skb)->saddr,
					 q->ports.source,
					 &ipv6_hdr(q->skb)->daddr, port,
					 q->dif, q->sdif);
}

static struct sock *find_udp(const struct nta_query *q)
{
	if (q->pf == NFPROTO_IPV4)
		return nta_udp4_lookup(q->net, ip_hdr(q->skb)->saddr,
				       q->ports.source, ip_hdr(q->skb)->daddr,
				       q->ports.dest, q->dif, q->sdif);
	return nta_udp6_lookup(q->net, &ipv6_hdr(q->skb)->saddr, q->ports.source,
			       &ipv6_hdr(q->skb)->daddr, q->ports.dest, q->dif,
			       q->sdif);
}

/**
 * nta_lookup_may_ask - may a program be asked twice about a packet?
 * @prog: the program, of a group
 *
 * What was a classic program says the same each time, unless it takes a random
 * number.
 *
 * Context: any, under rcu_read_lock() or where @prog cannot go.
 */
bool nta_lookup_may_ask(const struct bpf_prog *prog)
{
	u32 i;

	if (!bpf_prog_was_classic(prog) || prog->len > NTA_LOOKUP_LONGEST ||
	    !nta_lookup_random.code)
		return false;
	for (i = 0; i < prog->len; i++) {
		if (prog->insnsi[i].code == nta_lookup_random.code &&
		    prog->insnsi[i].imm == nta_lookup_random.imm)
			return false;
	}
	return true;
}

/*
 * Ask a classic program as the stack does: it sees the packet from behind the
 * UDP header on. @chosen becomes NULL when the program leaves it to the hash.
 * Returns false when it must not be asked.
 */
static bool ask_program(const struct bpf_prog *prog,
			const struct sock_reuseport *reuse, struct sk_buff *skb,
			u32 transport, struct sock **chosen)
{
	u32 header = transport + sizeof(struct udphdr);
	const struct udphdr *uh;
	u32 index, members;

	if (!nta_lookup_may_ask(prog) || skb_shared(skb) || skb_headlen(skb) < header)
		return false;
	/* The stack cuts off what is behind the datagram. */
	uh = (const void *)(skb_network_header(skb) + transport);
	if (uh->len && ntohs(uh->len) != skb->len - transport)
		return false;

	members = READ_ONCE(reuse->num_socks);
	/* Its members are there before their number says so. */
	smp_rmb();
	__skb_pull(skb, header);
	index = bpf_prog_run_save_cb(prog, skb);
	__skb_push(skb, header);
	*chosen = index < members ? reuse->socks[index] : NULL;
	return true;
}

/* A datagram's socket, which is one of a group with a program when that chooses. */
static struct nta_found choose_udp(struct sock *sk, struct sk_buff *skb,
				   struct nta_l4 l4)
{
	const struct sock_reuseport *reuse = rcu_dereference(sk->sk_reuseport_cb);
	struct nta_found found = { .sk = sk };
	const struct bpf_prog *prog;
	struct sock *chosen;

	/* Of a connected member the stack asks nobody. */
	if (!reuse || !sk->sk_reuseport || sk->sk_state == TCP_ESTABLISHED)
		return found;
	prog = rcu_dereference(reuse->prog);
	if (!prog)
		return found;
	found.later = true;
	if (!l4.fragment && ask_program(prog, reuse, skb, l4.offset, &chosen)) {
		found.later = false;
		found.sk = chosen ?: sk;
	}
	return found;
}

static struct nta_found lookup_udp(const struct nta_query *q,
				   const struct nf_hook_state *state,
				   struct nta_l4 l4)
{
	struct nta_found found = {};
	struct sock *sk;
	bool is_known;

	if (nta_group_is(q->skb, q->pf)) {
		/* To each socket: no program chooses, and none may be run. */
		found.sk = nta_group_find(q->skb, state, q->ports.source,
					  q->ports.dest, &is_known);
		if (!is_known && !nta_lookup_has_program(q->net))
			found.sk = find_udp(q);
		return found;
	}
	if (nta_lookup_has_program(q->net)) {
		found.later = true;
		return found;
	}
	sk = find_udp(q);
	return sk ? choose_udp(sk, q->skb, l4) : found;
}

/*
 * Only the program knows for which listener a SYN is; what comes later is for
 * its request, and found. Of what follows a SYN cookie nothing is known: it is
 * counted for a listener of the group.
 */
static struct nta_found lookup_tcp(const struct nta_query *q, bool syn)
{
	struct nta_found found = { .sk = find_established(q) };

	if (found.sk && (!syn || found.sk->sk_state != TCP_TIME_WAIT)) {
		found.counted = true;
		return found;
	}
	if (found.sk) {
		/* It may be for a listener all the same: the answer tells. */
		sock_gen_put(found.sk);
		found.sk = NULL;
		found.later = true;
		return found;
	}
	if (nta_lookup_has_program(q->net)) {
		found.later = syn;
		return found;
	}
	found.sk = find_listener(q);
	found.later = syn && found.sk && nta_lookup_group_program(found.sk);
	return found;
}

/*
 * The device for which IPv4 will ask. It is in the socket's namespace: that of an
 * ipvlan in mode L3S becomes the packet's in a hook beside ours (ipvlan_nf_input()).
 */
static int device_of(const struct sk_buff *skb, struct net *net)
{
	const struct net_device *dev;

	if (likely(net_eq(dev_net(skb->dev), net)))
		return inet_iif(skb);
	dev = __ip_dev_find(net, ip_hdr(skb)->daddr, false);
	return dev ? dev->ifindex : 0;
}

/**
 * nta_lookup - find the socket of any received packet
 * @skb: the packet, in LOCAL_IN
 * @state: of the hook
 * @l4: its transport header, which is in this packet; of TCP or UDP
 *
 * Asks as tcp_v4_rcv(), tcp_v6_rcv(), udp_rcv() and udpv6_rcv() will.
 *
 * Context: softirq or process, under rcu_read_lock().
 * Return: what is known of the socket.
 */
struct nta_found nta_lookup(struct sk_buff *skb, const struct nf_hook_state *state,
			    struct nta_l4 l4)
{
	struct nta_query q = { .skb = skb, .net = nta_lookup_net(skb), .pf = state->pf };
	const struct nta_ports *ports;
	struct nta_found none = {};
	struct tcphdr th;

	ports = skb_header_pointer(skb, l4.offset,
				   l4.protocol == IPPROTO_TCP ?
					   sizeof(th) : sizeof(q.ports), &th);
	if (!ports)
		return none;
	q.ports = *ports;
	if (q.pf == NFPROTO_IPV4) {
		q.dif = device_of(skb, q.net);
		q.sdif = inet_sdif(skb);
	} else {
		q.dif = inet6_iif(skb);
		q.sdif = inet6_sdif(skb);
	}
	if (l4.protocol == IPPROTO_UDP)
		return lookup_udp(&q, state, l4);
	return lookup_tcp(&q, nta_lookup_is_syn(ports));
}

/**
 * nta_lookup_setup - learn what a random number is to a classic program
 *
 * The kernel makes a call of it, to a function that it does not export.
 *
 * Return: 0 or a negative errno.
 */
int nta_lookup_setup(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_RANDOM),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog_kern filter = {
		.len = ARRAY_SIZE(code),
		.filter = code,
	};
	struct bpf_prog *prog;
	int err;
	u32 i;

	err = bpf_prog_create(&prog, &filter);
	if (err)
		return err;
	for (i = 0; i < prog->len; i++) {
		if (prog->insnsi[i].code == (BPF_JMP | BPF_CALL))
			nta_lookup_random = prog->insnsi[i];
	}
	bpf_prog_destroy(prog);
	return 0;
}
