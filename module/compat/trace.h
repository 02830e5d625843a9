/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types of the tracepoints' probes. They are called through a pointer that is
 * void until then, so a wrong one must not get past the compiler: each is
 * compared with what the kernel's own header declares.
 */
#ifndef _NTA_COMPAT_TRACE_H
#define _NTA_COMPAT_TRACE_H

#ifdef CONFIG_CGROUPS
#include <trace/events/cgroup.h>
#endif
#include <trace/events/sched.h>
#include <trace/events/skb.h>
#include <trace/events/sock.h>

/* A probe, if it is of the type that this kernel's tracepoint calls. */
#define NTA_PROBE(tracepoint, probe)					\
	_Generic(&check_trace_callback_type_##tracepoint,		\
		 void (*)(typeof(&(probe))): (void *)(probe))

/* The one of two probes that is. */
#define NTA_PROBE_OF(tracepoint, probe, other)				\
	_Generic(&check_trace_callback_type_##tracepoint,		\
		 void (*)(typeof(&(probe))): (void *)(probe),		\
		 void (*)(typeof(&(other))): (void *)(other))

#ifdef CONFIG_CGROUPS
#define NTA_PROBE_CGROUP(probe)	NTA_PROBE(cgroup_attach_task, probe)
#else
#define NTA_PROBE_CGROUP(probe)	NULL
#endif

/* Without the tracepoint there is nothing to compare with, and nobody calls. */
#ifdef NTA_HAS_trace_sock_recv_length
#define NTA_PROBE_RECV(probe)	NTA_PROBE(sock_recv_length, probe)
#else
#define NTA_PROBE_RECV(probe)	NULL
#endif

#endif /* _NTA_COMPAT_TRACE_H */
