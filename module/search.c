// SPDX-License-Identifier: GPL-2.0-only
/*
 * Look through the descriptor tables of one process for sockets without owner.
 *
 * Users without privilege choose how many threads, tables and descriptors there
 * are. So a search costs in proportion to these and no more, and is made of small
 * batches between which other tasks may run.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/hash.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <net/inet_sock.h>

#include "consume.h"
#include "owner.h"
#include "search.h"
#include "sock.h"
#include "unowned.h"

/* Descriptors, and places for them, looked at while a table's lock is held. */
#define NTA_SEARCH_BATCH		256
#define NTA_SEARCH_SPAN		(64 * NTA_SEARCH_BATCH)
/* Threads looked at under one rcu_read_lock(). */
#define NTA_SEARCH_THREADS	64
/* Threads looked at to see whether one process alone uses a table. */
#define NTA_SEARCH_USERS		1024
/* What a table costs besides its descriptors. */
#define NTA_SEARCH_TABLE		16
/* Shared tables that a walk remembers. */
#define NTA_SEARCH_SEEN_BITS	12
#define NTA_SEARCH_SEEN_PROBES	8

/* The tables that the walk under way has been through. */
static const void *nta_search_seen[1 << NTA_SEARCH_SEEN_BITS];

static void nta_search_note(struct nta_search *search, struct sock *sk,
			    enum nta_flow flow)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	struct nta_sock *s;

	if (!cookie)
		return;
	s = nta_sock_find(nta_sock_key_of(sk, cookie, flow));
	if (s && !rcu_access_pointer(s->owner) &&
	    READ_ONCE(s->handed) != NTA_HANDED_SURE)
		search->found[search->n++] = s;
}

static void nta_search_sk(struct nta_search *search, struct sock *sk)
{
	if (!sk || (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return;
	if (search->port && (sk->sk_protocol != IPPROTO_UDP ||
			     READ_ONCE(inet_sk(sk)->inet_sport) != search->port))
		return;
	switch (sk->sk_protocol) {
	case IPPROTO_UDP:
		nta_search_note(search, sk, NTA_UDP_SND);
		break;
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		nta_search_note(search, sk, NTA_TCP_SND);
		break;
	case IPPROTO_RAW:
		nta_search_note(search, sk, NTA_TCP_SND);
		nta_search_note(search, sk, NTA_UDP_SND);
		break;
	}
}

/*
 * The table's lock is held: the file stays open. What one process alone holds has
 * not more than @alone references.
 */
static void nta_search_file(struct nta_search *search, struct file *file, long alone)
{
	struct socket *sock = sock_from_file(file);
	unsigned int n = search->n;

	search->descriptors++;
	search->batch--;
	if (!sock)
		return;
	nta_search_sk(search, READ_ONCE(sock->sk));
	if (search->n == n)
		return;
	if (file_count(file) > alone && nta_sock_is_udp(search->found[n]))
		nta_consume_want();
	if (file_count(file) > search->holders)
		search->n = n;
}

/*
 * Look through one batch of a table, from @fd on. Returns where the next batch
 * begins, 0 when this was the last. Places that are not in use are passed over 64
 * at a time, as many as a user likes to have.
 */
static unsigned int nta_search_table(struct nta_search *search,
				     struct files_struct *files, unsigned int fd)
{
	/* In a table of several threads a system call has one of its own. */
	long alone = atomic_read(&files->count) > 1 ? 2 : 1;
	unsigned int begin = fd, end, max;
	struct fdtable *fdt;
	struct file *file;

	search->batch = NTA_SEARCH_BATCH;
	search->n = 0;
	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	max = fdt->max_fds;
	end = min(max, begin + NTA_SEARCH_SPAN);
	while (search->batch && search->n + 2 <= NTA_SEARCH_FOUND) {
		fd = find_next_bit(fdt->open_fds, end, fd);
		if (fd >= end)
			break;
		file = rcu_dereference_check_fdtable(files, fdt->fd[fd]);
		if (file)
			nta_search_file(search, file, alone);
		fd++;
	}
	spin_unlock(&files->file_lock);
	search->left -= NTA_SEARCH_BATCH - search->batch + (fd - min(begin, fd)) / 64;
	return fd < max ? fd : 0;
}

/*
 * Do others than the threads of its process use the table of @task? Its lock is
 * held. What others borrow for a moment is left to a walk, too.
 */
static bool nta_search_is_shared(struct nta_search *search, struct task_struct *task,
				 const struct files_struct *files)
{
	int users = atomic_read(&files->count);
	int n = NTA_SEARCH_USERS;
	struct task_struct *t;

	if (users == 1)
		return false;
	for_each_thread(task, t) {
		if (READ_ONCE(t->files) == files && --users <= 0)
			break;
		if (--n == 0)
			break;
	}
	search->left -= NTA_SEARCH_USERS - n;
	return users > 0;
}

/*
 * Look through one batch of the descriptors of @task, which the caller holds,
 * from @fd on, and make @owner, of the same process, the owner of what is
 * found. Returns as nta_search_table().
 */
static unsigned int nta_search_batch(struct nta_search *search,
				     struct task_struct *task, unsigned int fd,
				     struct task_struct *owner)
{
	struct files_struct *files;
	unsigned int i;

	search->n = 0;
	rcu_read_lock();
	task_lock(task);
	/* A task that ends has none any more, a worker of vhost never had. */
	files = task->files;
	if (files && !(search->alone && !fd &&
		       nta_search_is_shared(search, task, files)))
		fd = nta_search_table(search, files, fd);
	else
		fd = 0;
	task_unlock(task);
	for (i = 0; i < search->n; i++)
		nta_owner_resolve(search->found[i], owner);
	rcu_read_unlock();
	return fd;
}

/*
 * Has the search been through this table, which several tasks may use? Only
 * compared, never followed. When very many are shared, some are forgotten.
 */
static const void **nta_search_seen_slot(const struct files_struct *files)
{
	u32 hash = hash_ptr(files, NTA_SEARCH_SEEN_BITS);
	int i;

	for (i = 0; i < NTA_SEARCH_SEEN_PROBES; i++) {
		const void **slot;

		slot = &nta_search_seen[(hash + i) % ARRAY_SIZE(nta_search_seen)];
		if (!*slot || *slot == files)
			return slot;
	}
	return &nta_search_seen[hash];
}

/* Has @task a table that others use as well? */
static bool nta_search_has_users(struct task_struct *task,
				 const struct files_struct *files)
{
	bool several;

	task_lock(task);
	several = task->files == files && atomic_read(&files->count) > 1;
	task_unlock(task);
	return several;
}

/* Look through the descriptor table of one thread. */
static void nta_search_files(struct nta_search *search, struct task_struct *task,
			     struct task_struct *leader,
			     const struct files_struct *files)
{
	bool several = !search->alone && nta_search_has_users(task, files);
	unsigned int fd = 0;

	search->left -= NTA_SEARCH_TABLE;
	if (several && *nta_search_seen_slot(files) == files)
		return;
	do {
		fd = nta_search_batch(search, task, fd, leader);
		cond_resched();
	} while (fd && search->left > 0 && nta_unowned_any_waiting());
	if (!fd && several)
		*nta_search_seen_slot(files) = files;
}

/*
 * The thread after @task in its process, with a reference; puts @task. Those
 * that share the table @shared are passed over, some at a time. When @task has
 * ended meanwhile the list is searched for the first that is not older.
 */
static struct task_struct *nta_search_thread(struct nta_search *search,
					     struct task_struct *leader,
					     struct task_struct *task,
					     const struct files_struct *shared)
{
	struct task_struct *t = NULL, *next = task;
	int n = 0;

	rcu_read_lock();
	if (!pid_alive(task)) {
		next = NULL;
		for_each_thread(leader, t) {
			search->left--;
			next = t;
			if (t != leader &&
			    t->start_boottime >= task->start_boottime)
				break;
			next = NULL;
			if (search->left <= 0)
				break;
		}
	} else {
		do {
			next = next_thread(next);
			if (thread_group_leader(next))
				next = NULL;
		} while (next && READ_ONCE(next->files) == shared &&
			 ++n < NTA_SEARCH_THREADS);
		search->left -= n + 1;
	}
	if (next)
		get_task_struct(next);
	rcu_read_unlock();
	put_task_struct(task);
	cond_resched();
	return next;
}

/**
 * nta_search_process - look through the tables of a process
 * @search: what to look for, and what that may cost
 * @leader: of the process, referenced; becomes the owner of what is found
 *
 * Context: process; sleeps. Without @alone only for one caller at a time.
 */
void nta_search_process(struct nta_search *search, struct task_struct *leader)
{
	const struct files_struct *files, *shared = NULL;
	struct task_struct *t = leader;

	if (leader->flags & PF_KTHREAD)
		return;
	get_task_struct(t);
	while (t && search->left > 0 && nta_unowned_any_waiting()) {
		files = READ_ONCE(t->files);
		if (files && files != shared) {
			if (!shared)
				shared = files;
			nta_search_files(search, t, leader, files);
		}
		t = nta_search_thread(search, leader, t, shared);
	}
	if (search->left <= 0)
		search->cut = true;
	if (t)
		put_task_struct(t);
}

/**
 * nta_search_current - look through the current task's own table
 * @search: what to look for, and what that may cost
 *
 * Context: process; does not sleep.
 */
void nta_search_current(struct nta_search *search)
{
	unsigned int fd = 0;

	do {
		fd = nta_search_batch(search, current, fd, current);
	} while (fd && search->left > 0 && nta_unowned_any_waiting());
}

/**
 * nta_search_forget - begin another walk, which has been through no table yet
 */
void nta_search_forget(void)
{
	memset(nta_search_seen, 0, sizeof(nta_search_seen));
}
