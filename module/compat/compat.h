/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that depends on a kernel version. Included before everything else in
 * every file of the module, so that the rest is written for the newest kernel.
 */
#ifndef _NTA_COMPAT_H
#define _NTA_COMPAT_H

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kconfig.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "netatop needs Linux 5.10 or newer"
#endif

/*
 * The newest kernel in which all scenarios passed; a newer one says so in its
 * log. To see that, a test names an older one.
 */
#ifndef NTA_TESTED_MAJOR
#define NTA_TESTED_MAJOR 7
#define NTA_TESTED_MINOR 3
#endif
#define NTA_KERNEL_UNTESTED \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(NTA_TESTED_MAJOR, NTA_TESTED_MINOR + 1, 0))

#if !IS_ENABLED(CONFIG_64BIT)
#error "netatop needs a 64-bit kernel"
#endif

#if !IS_ENABLED(CONFIG_NETFILTER) || !IS_ENABLED(CONFIG_IPV6)
#error "netatop needs CONFIG_NETFILTER and CONFIG_IPV6"
#endif

#if !IS_ENABLED(CONFIG_NF_SOCKET_IPV4) || !IS_ENABLED(CONFIG_NF_SOCKET_IPV6)
#error "netatop needs CONFIG_NF_SOCKET_IPV4 and CONFIG_NF_SOCKET_IPV6"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#include <linux/net.h>

/* 5.11 ("net: Remove the err argument from sock_from_file") dropped it. */
static inline struct socket *nta_sock_from_file(struct file *file)
{
	int err;

	return sock_from_file(file, &err);
}

#define sock_from_file(file) nta_sock_from_file(file)
#endif

/* 6.3 ("net: add gso_ipv4_max_size and gro_ipv4_max_size per device") added it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define netif_get_gso_max_size(dev, skb) READ_ONCE((dev)->gso_max_size)
#endif

/* 6.12 ("move asm/unaligned.h to linux/unaligned.h") moved it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/* 6.16 ("sched/tracepoints: Move and extend the sched_process_exit() tracepoint")
 * added the last one.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define NTA_TRACE_EXIT_ARGS void *unused, struct task_struct *task
#else
#define NTA_TRACE_EXIT_ARGS void *unused, struct task_struct *task, bool last
#endif

#endif /* _NTA_COMPAT_H */
