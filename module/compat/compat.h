/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that depends on a kernel version. Included before everything else in
 * every file of the module, so that the rest is written for the newest kernel.
 *
 * Distributions bring functions and arguments of newer kernels to older ones, so
 * the version decides nothing: the types of what is declared do, by _Generic, and
 * what there is, by NTA_HAS_* of Kbuild.
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

#include <linux/net.h>

/* 5.11 ("net: Remove the err argument from sock_from_file") dropped it. */
static inline struct socket *
nta_sock_from_file(struct socket *(*from)(struct file *), struct file *file)
{
	return from(file);
}

static inline struct socket *
nta_sock_from_file_err(struct socket *(*from)(struct file *, int *),
		       struct file *file)
{
	int err;

	return from(file, &err);
}

#define sock_from_file(f)						\
	_Generic(&sock_from_file,					\
		 struct socket *(*)(struct file *): nta_sock_from_file,	\
		 struct socket *(*)(struct file *, int *): nta_sock_from_file_err) \
		(sock_from_file, (f))

/* 6.12 ("move asm/unaligned.h to linux/unaligned.h") moved it. */
#ifdef NTA_HAS_linux_unaligned
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#endif /* _NTA_COMPAT_H */
