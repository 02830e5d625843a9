// SPDX-License-Identifier: GPL-2.0-only
#include <linux/spinlock.h>

#include "reader.h"
#include "sock.h"

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
 * nta_reader_note - the owner of a socket has changed
 * @s: its entry; the caller holds the right to move it
 * @reader: whom it belongs to because it reads, for comparison alone;
 *	NTA_READER_ANY when the first who reads becomes the owner; NULL when
 *	reading makes nobody the owner
 *
 * Context: softirq or process.
 */
void nta_reader_note(struct nta_sock *s, struct pid *reader)
{
	u64 slot = nta_sock_key_cookie(s->key) % NTA_READER_SLOTS;

	if (s->reader == reader)
		return;
	spin_lock_bh(&nta_reader_lock);
	nta_reader_change(&nta_reader_slot[slot], &nta_readers[slot], s->reader,
			  reader);
	WRITE_ONCE(s->reader, reader);
	spin_unlock_bh(&nta_reader_lock);
}
