/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The generic netlink family "netatop": counters of processes, threads and
 * sockets for any reader. docs/netlink.yaml describes the messages. Numbers are never used
 * for anything else; what is new comes at the end.
 */
#ifndef _NETATOP_UAPI_NETLINK_H
#define _NETATOP_UAPI_NETLINK_H

#include <linux/types.h>

#define NETATOP_GENL_NAME	"netatop"
#define NETATOP_GENL_VERSION	1

/* Records of processes that end; in the initial network namespace. */
#define NETATOP_GENL_GROUP_EXIT	"exit"
/* Cgroups that end, with what they have carried; likewise. */
#define NETATOP_GENL_GROUP_CGROUP	"cgroup"
/* Sockets that close, with their addresses and what they have carried; likewise. */
#define NETATOP_GENL_GROUP_CLOSE	"close"

/**
 * enum netatop_genl_cmd - what a message is
 * @NETATOP_CMD_UNSPEC: none
 * @NETATOP_CMD_GET_TASK: asks for one process (TGID) or thread (PID), or, as a
 *	dump, for all processes, or all threads (THREADS), of a process (TGID), in a
 *	cgroup (CGROUP), that have moved something SINCE then
 * @NETATOP_CMD_TASK: answers that
 * @NETATOP_CMD_EXIT: tells of a process that ended
 * @NETATOP_CMD_GET_SOCK: asks, as a dump, for all sockets that are known, or those of
 *	a process (TGID) or a network namespace (NETNS)
 * @NETATOP_CMD_SOCK: answers that: COOKIE and PROTOCOL name a socket. Either TGID,
 *	PID and START, of the process, say who owns it, or CLASS
 * @NETATOP_CMD_GET_TOTAL: asks for sums over everything, and for the state of the module
 * @NETATOP_CMD_TOTAL: answers that. All processes that live, EXITED, and the classes WAITING,
 *	KERNEL, NOSOCKET, GONE and OVERFLOW make up COUNTERS
 * @NETATOP_CMD_GET_CGROUP: asks for one cgroup (CGROUP), or, as a dump, for all that are known
 * @NETATOP_CMD_CGROUP: answers that: COUNTERS are those of its own tasks, the ones that
 *	exited included, and of sockets made in it whose process is gone; ENDED_BELOW, of
 *	cgroups that ended below it; WAITING, what sockets made in it hold that have no
 *	owner yet, or in cgroups that ended below. All of them, and the classes KERNEL,
 *	NOSOCKET and OVERFLOW and NOCGROUP, make up the COUNTERS of CMD_TOTAL
 * @NETATOP_CMD_CGROUP_END: tells of a cgroup that ended; from now on its sums are in ENDED_BELOW
 *	of its PARENT_CGROUP
 * @NETATOP_CMD_CLOSE: tells of a socket that closed, as CMD_SOCK has it, and with COMM, UID and
 *	CGROUP of its owner; of one without owner CGROUP is where it was made. COUNTERS are
 *	what it had carried since it was known; LOCAL and REMOTE, with their ports, its ends
 * @__NETATOP_CMD_MAX: how many there are
 */
enum netatop_genl_cmd {
	NETATOP_CMD_UNSPEC,
	NETATOP_CMD_GET_TASK,
	NETATOP_CMD_TASK,
	NETATOP_CMD_EXIT,
	NETATOP_CMD_GET_SOCK,
	NETATOP_CMD_SOCK,
	NETATOP_CMD_GET_TOTAL,
	NETATOP_CMD_TOTAL,
	NETATOP_CMD_GET_CGROUP,
	NETATOP_CMD_CGROUP,
	NETATOP_CMD_CGROUP_END,
	NETATOP_CMD_CLOSE,
	__NETATOP_CMD_MAX,
};

/**
 * enum netatop_genl_attr - attributes of all messages
 * @NETATOP_A_UNSPEC: none
 * @NETATOP_A_PAD: nothing: aligns the next one
 * @NETATOP_A_TGID: u32, process id, as the reader's PID namespace numbers it
 * @NETATOP_A_PID: u32, thread id, likewise
 * @NETATOP_A_THREADS: flag, dump threads
 * @NETATOP_A_START: u64, start, in ns since boot, suspension included
 * @NETATOP_A_END: u64, end, likewise
 * @NETATOP_A_COMM: string, name of the task
 * @NETATOP_A_UID: u32, real user id, as the reader's user namespace numbers it
 * @NETATOP_A_CGROUP: u64, id of the cgroup (v2), which is its directory's inode
 * @NETATOP_A_COUNTERS: struct netatop_counters; may be longer one day. What of it went
 *	over loopback is in LOOPBACK, wherever COUNTERS are
 * @NETATOP_A_COOKIE: u64, the kernel's own name of a socket, as SO_COOKIE and sock_diag
 *	show it
 * @NETATOP_A_PROTOCOL: u32, IPPROTO_TCP or IPPROTO_UDP: a raw socket can send both
 * @NETATOP_A_FAMILY: u32, AF_INET or AF_INET6
 * @NETATOP_A_NETNS: u32, inode of the network namespace; of a process that ended, that of
 *	the socket that it came to own last
 * @NETATOP_A_CLASS: u32, enum netatop_class
 * @NETATOP_A_SINCE: u64, in ns since boot, suspension included
 * @NETATOP_A_WAITING: nest of COUNTERS, as those that follow up to EXITED, and like them
 *	absent when all are 0: what sockets hold whose owner is not known yet, and
 *	datagrams that came in part
 * @NETATOP_A_KERNEL: what sockets of the kernel carried
 * @NETATOP_A_NOSOCKET: what has no socket
 * @NETATOP_A_GONE: what sockets carried whose process is gone
 * @NETATOP_A_OVERFLOW: what there was no room for
 * @NETATOP_A_EXITED: what processes have moved that have exited
 * @NETATOP_A_SOCKETS: u64, as all that follow up to LOADED: sockets that are known
 * @NETATOP_A_SOCKET_OVERFLOWS: how often there was no room for one
 * @NETATOP_A_UNOWNED: sockets without owner
 * @NETATOP_A_TASKS: processes and threads that are known
 * @NETATOP_A_TASK_OVERFLOWS: how often there was no room for one
 * @NETATOP_A_RECORDS: exit records that wait for a reader
 * @NETATOP_A_RECORDS_DROPPED: those dropped because nobody read them
 * @NETATOP_A_READER_TIMEOUTS: how often a wait for their readers was in vain
 * @NETATOP_A_WALKS: searches for owners
 * @NETATOP_A_WALK_DESCRIPTORS: descriptors that they looked at
 * @NETATOP_A_WALK_NS: how long the last one took
 * @NETATOP_A_ACCOUNTING: 1 when packets are counted, 0 when that is switched off
 * @NETATOP_A_PAUSES: how often it was switched off
 * @NETATOP_A_PAUSED_MS: for how long in all
 * @NETATOP_A_LOADED: when the module was loaded, ns since boot
 * @NETATOP_A_PARENT: u32, process id of the parent
 * @NETATOP_A_PARENT_CGROUP: u64, id of the cgroup above; of several that ended at once, of the
 *	nearest one that is still known
 * @NETATOP_A_ENDED_BELOW: nest of COUNTERS, absent when all are 0
 * @NETATOP_A_CGROUPS: u64, cgroups that are known
 * @NETATOP_A_CGROUP_OVERFLOWS: u64, how often there was no room for one
 * @NETATOP_A_NOCGROUP: nest of COUNTERS, absent when all are 0: what tasks and sockets
 *	carried whose cgroup there was no room for or is not known, as of fragments
 * @NETATOP_A_LOOPBACK: struct netatop_counters, absent when all are 0: the part of COUNTERS
 *	that the loopback interface carried
 * @NETATOP_A_LOCAL: struct in_addr or in6_addr, by FAMILY: the socket's own address
 * @NETATOP_A_LOCAL_PORT: u32, its port
 * @NETATOP_A_REMOTE: the peer's address; absent, as is its port, without a peer
 * @NETATOP_A_REMOTE_PORT: u32, its port
 * @NETATOP_A_PATH: string, where a cgroup is, or was when it ended, from the root of all on; absent
 *	when it has more than 1022 bytes
 * @__NETATOP_A_MAX: how many there are
 */
enum netatop_genl_attr {
	NETATOP_A_UNSPEC,
	NETATOP_A_PAD,
	NETATOP_A_TGID,
	NETATOP_A_PID,
	NETATOP_A_THREADS,
	NETATOP_A_START,
	NETATOP_A_END,
	NETATOP_A_COMM,
	NETATOP_A_UID,
	NETATOP_A_CGROUP,
	NETATOP_A_COUNTERS,
	NETATOP_A_COOKIE,
	NETATOP_A_PROTOCOL,
	NETATOP_A_FAMILY,
	NETATOP_A_NETNS,
	NETATOP_A_CLASS,
	NETATOP_A_SINCE,
	NETATOP_A_WAITING,
	NETATOP_A_KERNEL,
	NETATOP_A_NOSOCKET,
	NETATOP_A_GONE,
	NETATOP_A_OVERFLOW,
	NETATOP_A_EXITED,
	NETATOP_A_SOCKETS,
	NETATOP_A_SOCKET_OVERFLOWS,
	NETATOP_A_UNOWNED,
	NETATOP_A_TASKS,
	NETATOP_A_TASK_OVERFLOWS,
	NETATOP_A_RECORDS,
	NETATOP_A_RECORDS_DROPPED,
	NETATOP_A_READER_TIMEOUTS,
	NETATOP_A_WALKS,
	NETATOP_A_WALK_DESCRIPTORS,
	NETATOP_A_WALK_NS,
	NETATOP_A_ACCOUNTING,
	NETATOP_A_PAUSES,
	NETATOP_A_PAUSED_MS,
	NETATOP_A_LOADED,
	NETATOP_A_PARENT,
	NETATOP_A_PARENT_CGROUP,
	NETATOP_A_ENDED_BELOW,
	NETATOP_A_CGROUPS,
	NETATOP_A_CGROUP_OVERFLOWS,
	NETATOP_A_NOCGROUP,
	NETATOP_A_LOOPBACK,
	NETATOP_A_LOCAL,
	NETATOP_A_LOCAL_PORT,
	NETATOP_A_REMOTE,
	NETATOP_A_REMOTE_PORT,
	NETATOP_A_PATH,
	__NETATOP_A_MAX,
};

#define NETATOP_A_MAX	(__NETATOP_A_MAX - 1)

/**
 * enum netatop_class - whose a packet is that no task owns
 * @NETATOP_CLASS_WAITING: a socket's whose owner is not known yet
 * @NETATOP_CLASS_KERNEL: a socket's that user space has handed to the kernel
 */
enum netatop_class {
	NETATOP_CLASS_WAITING,
	NETATOP_CLASS_KERNEL,
};

/**
 * struct netatop_counters - what was carried
 * @tcp_sent_packets: TCP packets sent, as netatop(4) defines them
 * @tcp_sent_bytes: their bytes
 * @tcp_received_packets: TCP packets received
 * @tcp_received_bytes: their bytes
 * @udp_sent_packets: UDP packets sent
 * @udp_sent_bytes: their bytes
 * @udp_received_packets: UDP packets received
 * @udp_received_bytes: their bytes
 */
struct netatop_counters {
	__u64 tcp_sent_packets;
	__u64 tcp_sent_bytes;
	__u64 tcp_received_packets;
	__u64 tcp_received_bytes;
	__u64 udp_sent_packets;
	__u64 udp_sent_bytes;
	__u64 udp_received_packets;
	__u64 udp_received_bytes;
};

#endif /* _NETATOP_UAPI_NETLINK_H */
