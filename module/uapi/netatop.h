/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The interface between the netatop module and its readers. Every number,
 * layout and name here is frozen: released versions of atop rely on them.
 * Included by the module (C) and by the daemon and the tests (C++).
 */
#ifndef _NETATOP_UAPI_H
#define _NETATOP_UAPI_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
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

#endif /* _NETATOP_UAPI_H */
