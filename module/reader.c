// SPDX-License-Identifier: GPL-2.0-only
#include <linux/spinlock.h>

#include "reader.h"
#include "sock.h"
#include "task.h"

/**
 * struct nta_reader_sum - sockets that a reader can come to own
 * @sockets: how many
 * @readers: the sum of their readers' addresses: of one socket, its reader's
 */
struct nta_reader_sum {
	unsigned int sockets;
	unsigned long readers;
};

struct pid *nta_readers[NTA_READER_SLOTS] __read_mostly;

/* Of the sockets in each slot; the lock is innermost. */
static DEFINE_SPINLOCK(nta_reader_lock);
static struct nta_reader_sum nta_reader_slot[NTA_READER_SLOTS];

/* Who can read from a socket without becoming its owner, as nta_readers has it. */
static struct pid *nta_reader_of(const struct nta_thread *owner, enum nta_reads reads)
{
	if (reads == NTA_READS_OTHERS)
		return owner->pid;
	return reads == NTA_READS_ANY ? NTA_READER_ANY : NULL;
}

static void nta_reader_change(struct nta_reader_sum *sum, struct pid **readers,
			      const struct pid *old, const struct pid *new)
{
	struct pid *reader = NTA_READER_ANY;

	sum->sockets += !!new - !!old;
	sum->readers += (unsigned long)new - (unsigned long)old;
	if (sum->sockets < 2)
		reader = (struct pid *)sum->readers;
	/* Most sockets come and go without any effect on what others read. */
	if (*readers != reader)
		WRITE_ONCE(*readers, reader);
}

/**
 * nta_reader_is_owner - does the current task own a socket already because it reads?
 * @s: its entry
 *
 * Context: softirq or process, under rcu_read_lock().
 */
bool nta_reader_is_owner(const struct nta_sock *s)
{
	const struct nta_thread *owner = rcu_dereference(s->owner);

	return owner && READ_ONCE(s->reads) == NTA_READS_OTHERS &&
	       owner->pid == task_pid(current);
}

/**
 * nta_reader_note - the owner of a socket changes
 * @s: its entry; the caller holds the right to move it, and has not changed the
 *	owner yet
 * @owner: who that will be; NULL for nobody
 * @reads: what reading changes then; with NTA_READS_OTHERS there is an owner
 *
 * Context: softirq or process, bottom halves off.
 */
void nta_reader_note(struct nta_sock *s, const struct nta_thread *owner,
		     enum nta_reads reads)
{
	u64 slot = nta_sock_key_cookie(s->key) % NTA_READER_SLOTS;
	struct pid *old, *new;

	old = nta_reader_of(rcu_dereference_protected(s->owner, true), s->reads);
	new = nta_reader_of(owner, reads);
	if (old != new) {
		spin_lock(&nta_reader_lock);
		nta_reader_change(&nta_reader_slot[slot], &nta_readers[slot], old, new);
		spin_unlock(&nta_reader_lock);
	}
	WRITE_ONCE(s->reads, reads);
}
