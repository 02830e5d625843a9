/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sockets whose owner has not sent on them: who reads from one owns it. Each
 * read asks here whether it changes anything, which it hardly ever does.
 */
#ifndef _NTA_READER_H
#define _NTA_READER_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/sched.h>
#include <net/sock.h>

#include "sock.h"

struct nta_thread;

#define NTA_READER_SLOTS	256

/* Who reads has to look: the owner is a guess, unknown, or one of several. */
#define NTA_READER_ANY		((struct pid *)1UL)

/*
 * By the socket's cookie, who can read without becoming an owner: NULL for everybody,
 * NTA_READER_ANY for nobody.
 */
extern struct pid *nta_readers[NTA_READER_SLOTS];

/*
 * Can the current task read from this socket and change nothing? Any context.
 * Mostly everybody can.
 */
static __always_inline bool nta_reader_is_settled_of(const struct sock *sk)
{
	/* Plain, so that the compiler reads one byte. It is made once. */
	u8 slot = data_race(sk->sk_cookie.counter);

	BUILD_BUG_ON(NTA_READER_SLOTS != 1 << BITS_PER_BYTE);
	/* Plain, to be compared where it is: what is written just now is late. */
	if (likely(!data_race(nta_readers[slot])))
		return true;
	return READ_ONCE(nta_readers[slot]) == task_pid(current);
}

bool nta_reader_is_owner(const struct nta_sock *s);
void nta_reader_note(struct nta_sock *s, const struct nta_thread *owner,
		     enum nta_reads reads);

#endif /* _NTA_READER_H */
