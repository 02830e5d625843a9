/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of the kernel's own cgroups (v2); kernels without them answer as if a
 * task had none.
 */
#ifndef _NTA_COMPAT_CGROUP_H
#define _NTA_COMPAT_CGROUP_H

#include <linux/cgroup.h>
#include <net/sock.h>

#ifdef CONFIG_CGROUPS

/* Under RCU. */
static inline struct cgroup *nta_kernel_cgroup_of_task(struct task_struct *task)
{
	return task_dfl_cgroup(task);
}

static inline u64 nta_kernel_cgroup_id(struct cgroup *cgroup)
{
	return cgroup_id(cgroup);
}

static inline struct cgroup *nta_kernel_cgroup_parent(struct cgroup *cgroup)
{
	return cgroup_parent(cgroup);
}

static inline bool nta_kernel_cgroup_is_online(const struct cgroup *cgroup)
{
	return READ_ONCE(cgroup->self.flags) & CSS_ONLINE;
}

static inline bool nta_kernel_cgroup_tryget(struct cgroup *cgroup)
{
	return cgroup_tryget(cgroup);
}

/* Also with interrupts off. */
static inline void nta_kernel_cgroup_put(struct cgroup *cgroup)
{
	cgroup_put(cgroup);
}

/*
 * From the root of all on. Bytes that were written, without the zero; 0 where @size is too
 * few: some kernels say so, and others cut the path, which then fills all.
 */
static inline unsigned int nta_kernel_cgroup_path(struct cgroup *cgroup, char *path,
						  unsigned int size)
{
	int len = cgroup_path(cgroup, path, size);

	return len > 0 && len < size - 1 ? len : 0;
}

#else /* !CONFIG_CGROUPS */

static inline struct cgroup *nta_kernel_cgroup_of_task(struct task_struct *task)
{
	return NULL;
}

static inline u64 nta_kernel_cgroup_id(struct cgroup *cgroup)
{
	return 0;
}

static inline struct cgroup *nta_kernel_cgroup_parent(struct cgroup *cgroup)
{
	return NULL;
}

static inline bool nta_kernel_cgroup_is_online(const struct cgroup *cgroup)
{
	return false;
}

static inline bool nta_kernel_cgroup_tryget(struct cgroup *cgroup)
{
	return false;
}

static inline void nta_kernel_cgroup_put(struct cgroup *cgroup)
{
}

static inline unsigned int nta_kernel_cgroup_path(struct cgroup *cgroup, char *path,
						  unsigned int size)
{
	return 0;
}

#endif

/* The cgroup in which a full socket was made, which it holds; NULL if that is not known. */
static inline struct cgroup *nta_kernel_cgroup_of_sock(const struct sock *sk)
{
#ifdef CONFIG_SOCK_CGROUP_DATA
	return sock_cgroup_ptr((struct sock_cgroup_data *)&sk->sk_cgrp_data);
#else
	return NULL;
#endif
}

#endif /* _NTA_COMPAT_CGROUP_H */
