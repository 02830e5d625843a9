// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exit records in the order in which they came, so that a reader can go on where
 * it was. The lock is that of exit.c: callers of all of these hold it.
 */
#include <linux/pid_namespace.h>
#include <linux/rbtree.h>

#include "record.h"
#include "sock.h"
#include "task.h"

static struct rb_root_cached nta_records = RB_ROOT_CACHED;
static struct rb_node *nta_record_newest;
static u64 nta_record_last;

static struct nta_proc *nta_record_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct nta_proc, record);
}

/* Put a record at a place that was looked for, or is known. */
static void nta_record_link(struct nta_proc *proc, struct rb_node *parent,
			    struct rb_node **at, bool first)
{
	rb_link_node(&proc->record, parent, at);
	rb_insert_color_cached(&proc->record, &nta_records, first);
	if (!nta_record_newest || nta_record_of(nta_record_newest)->number < proc->number)
		nta_record_newest = &proc->record;
}

/**
 * nta_record_insert - put a record where its number says
 * @proc: the record
 */
void nta_record_insert(struct nta_proc *proc)
{
	struct rb_node **at = &nta_records.rb_root.rb_node, *parent = NULL;
	bool first = true;

	while (*at) {
		parent = *at;
		if (proc->number < nta_record_of(parent)->number) {
			at = &parent->rb_left;
		} else {
			at = &parent->rb_right;
			first = false;
		}
	}
	nta_record_link(proc, parent, at, first);
}

/**
 * nta_record_append - put a new record behind all others
 * @proc: the record, which gets a number
 */
void nta_record_append(struct nta_proc *proc)
{
	struct rb_node *newest = nta_record_newest;

	proc->number = ++nta_record_last;
	nta_record_link(proc, newest,
			newest ? &newest->rb_right : &nta_records.rb_root.rb_node, !newest);
}

/**
 * nta_record_remove - take a record out
 * @proc: the record, which keeps its number
 */
void nta_record_remove(struct nta_proc *proc)
{
	if (nta_record_newest == &proc->record)
		nta_record_newest = rb_prev(&proc->record);
	rb_erase_cached(&proc->record, &nta_records);
}

/**
 * nta_record_from - find a record by its number
 * @number: the least that it may have; 0 for the oldest record
 *
 * Return: the record or NULL.
 */
struct nta_proc *nta_record_from(u64 number)
{
	struct rb_node *node = nta_records.rb_root.rb_node;
	struct nta_proc *proc, *found = NULL;

	while (node) {
		proc = nta_record_of(node);
		if (proc->number >= number) {
			found = proc;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * nta_record_look - find the first record that a PID namespace can name
 * @ns: the namespace
 * @from: where to begin; receives where to go on, so that each record that cannot
 *	be named is looked at once
 *
 * Looks at NTA_BATCH records at most.
 *
 * Return: the record or NULL.
 */
struct nta_proc *nta_record_look(struct pid_namespace *ns, u64 *from)
{
	struct nta_proc *proc = nta_record_from(*from);
	int n;

	for (n = 0; proc && n < NTA_BATCH; n++) {
		*from = proc->number;
		if (pid_nr_ns(proc->pid, ns))
			return proc;
		*from = proc->number + 1;
		proc = nta_record_of(rb_next(&proc->record));
	}
	if (!proc)
		*from = nta_record_last + 1;
	return NULL;
}

/**
 * nta_record_is_end - has everything been looked at?
 * @from: see nta_record_look()
 */
bool nta_record_is_end(u64 from)
{
	return from > nta_record_last;
}
