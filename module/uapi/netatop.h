/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The interface between the netatop module and its readers. Every number,
 * layout and name here is frozen: released versions of atop rely on them.
 * Included by the module (C) and by the daemon and the tests (C++).
 */
#ifndef _NETATOP_UAPI_H
#define _NETATOP_UAPI_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <sys/types.h>
#endif

/*
 * Commands of getsockopt(fd, SOL_IP, command, &npt, &len) on an AF_INET
 * socket. All need CAP_NET_ADMIN in the initial user namespace (EPERM).
 */
enum {
	/* Is the module loaded? 0 when it is, ENOPROTOOPT when not. */
	NETATOP_PROBE		= 15661,
	/* Make every process that has exited by now readable as a record. */
	NETATOP_FORCE_GC	= 15662,
	/* Wait until the readers of exit records are done with all of them. */
	NETATOP_EMPTY_EXIT	= 15663,
	/* Wait for an exit record and take it. */
	NETATOP_GETCNT_EXIT	= 15664,
	/* Counters of process npt.id; ESRCH when it has none. */
	NETATOP_GETCNT_TGID	= 15665,
	/* Counters of thread npt.id; ESRCH when it has none. */
	NETATOP_GETCNT_PID	= 15666,
	/* As NETATOP_GETCNT_EXIT, in the long form: struct netatop_exit. */
	NETATOP_GETCNT_EXIT_LONG = 15667,
};

#define NETATOP_COMMAND_LEN	16

/**
 * struct netpertask - counters of one process or thread
 * @id: process or thread id, as the caller's PID namespace numbers it
 * @btime: start time, seconds since the epoch
 * @command: task name, NUL-terminated
 * @tcpsndpacks: TCP packets sent, each segment of an offloaded one counted
 * @tcpsndbytes: TCP bytes sent, as the interface counts them
 * @tcprcvpacks: TCP packets received
 * @tcprcvbytes: TCP bytes received
 * @udpsndpacks: UDP packets sent, each fragment counted
 * @udpsndbytes: UDP bytes sent
 * @udprcvpacks: UDP packets received
 * @udprcvbytes: UDP bytes received
 */
struct netpertask {
	pid_t			id;
	unsigned long		btime;
	char			command[NETATOP_COMMAND_LEN];
	unsigned long long	tcpsndpacks;
	unsigned long long	tcpsndbytes;
	unsigned long long	tcprcvpacks;
	unsigned long long	tcprcvbytes;
	unsigned long long	udpsndpacks;
	unsigned long long	udpsndbytes;
	unsigned long long	udprcvpacks;
	unsigned long long	udprcvbytes;
};

#define NETATOP_EXIT_COUNTERS	8

/**
 * struct netatop_exit - a process that ended, the same for 32-bit programs
 * @id: process id, as the caller's PID namespace numbers it
 * @parent: the same of its parent; 0 when not known, and in an inner PID namespace
 * @uid: real user id, as the caller's user namespace numbers it
 * @netns: inode of the network namespace that it was in last; 0 when not known
 * @btime: start time, seconds since the epoch
 * @start: start time, ns since boot, suspension included
 * @end: end, likewise
 * @cgroup: id of its cgroup (version 2), the inode of its directory; 0 without
 * @command: name, NUL-terminated
 * @count: counters, in the order of struct netpertask
 * @loopback: the part of them that the loopback interface carried
 */
struct netatop_exit {
	__s32		id;
	__u32		parent;
	__u32		uid;
	__u32		netns;
	__aligned_u64	btime;
	__aligned_u64	start;
	__aligned_u64	end;
	__aligned_u64	cgroup;
	char		command[NETATOP_COMMAND_LEN];
	__aligned_u64	count[NETATOP_EXIT_COUNTERS];
	__aligned_u64	loopback[NETATOP_EXIT_COUNTERS];
};

#endif /* _NETATOP_UAPI_H */
