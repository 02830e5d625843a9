/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets whose owner has not sent on them: who reads from one owns it. Each
 * read asks here whether it changes anything, which it hardly ever does.
 */
#ifndef _NTA_READER_H
#define _NTA_READER_H

#include <linux/sched.h>
#include <net/sock.h>

struct nta_sock;

#define NTA_READER_SLOTS	256

/* Who reads has to look: the owner is a guess, unknown, or one of several. */
#define NTA_READER_ANY		((struct pid *)1UL)

/**
 * struct nta_readers - who can read without becoming an owner
 * @all: from any socket: NULL for everybody, NTA_READER_ANY for nobody
 * @slot: the same by the socket's cookie
 */
struct nta_readers {
	struct pid *all;
	struct pid *slot[NTA_READER_SLOTS];
};

extern struct nta_readers nta_readers;

static __always_inline bool nta_reader_is(struct pid *const *readers)
{
	const struct pid *reader = READ_ONCE(*readers);

	return !reader || reader == task_pid(current);
}

/* Can the current task read from any socket and change nothing? Any context. */
static __always_inline bool nta_reader_is_settled(void)
{
	return nta_reader_is(&nta_readers.all);
}

/* Can it read from this one and change nothing? Any context. */
static __always_inline bool nta_reader_is_settled_of(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	return nta_reader_is(&nta_readers.slot[cookie % NTA_READER_SLOTS]);
}

void nta_reader_note(struct nta_sock *s, struct pid *reader);

#endif /* _NTA_READER_H */
