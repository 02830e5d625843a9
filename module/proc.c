// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/netatop: first the lines that people and scripts have always read,
 * then the classes of what no task owns, then the state of the module.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "exit.h"
#include "frag_net.h"
#include "proc.h"
#include "sock.h"
#include "sums.h"
#include "switch.h"
#include "task.h"
#include "unowned.h"
#include "walk.h"

static struct proc_dir_entry *nta_proc_entry;

static void nta_proc_classic(struct seq_file *m, const struct nta_sums *sums,
			     const struct nta_exit_stats *exits)
{
	const struct nta_totals *sum = &sums->totals;
	static const char * const label[NTA_LOOPBACK] = {
		"tcpsndpacks", "tcprcvpacks", "udpsndpacks", "udprcvpacks",
	};
	int flow, class;

	for (flow = 0; flow < NTA_LOOPBACK; flow++) {
		u64 unident = nta_count_both(sums->waiting, flow).packets;

		for (class = 0; class < NTA_CLASSES; class++)
			unident += nta_count_both(sum->class[class], flow).packets;
		seq_printf(m, "%s:  %12llu (unident: %12llu)\n", label[flow],
			   nta_count_both(sum->all, flow).packets, unident);
	}
	seq_printf(m, "\nicmpsndpacks: %12llu\n", sum->icmp[NTA_SND]);
	seq_printf(m, "icmprcvpacks: %12llu\n", sum->icmp[NTA_RCV]);
	seq_printf(m, "\n#sockinfo:    %12u (overflow: %11llu)\n",
		   atomic_read(&nta_socks.nelems),
		   (u64)atomic64_read(&nta_sock_overflows));
	seq_printf(m, "#taskinfo:    %12u (overflow: %11llu)\n",
		   atomic_read(&nta_procs.nelems) +
		   atomic_read(&nta_threads.nelems),
		   (u64)atomic64_read(&nta_task_overflows));
	seq_printf(m, "#taskexit:    %12u\n", exits->queued);
	seq_printf(m, "\nmodversion:   %12s\n", NETATOP_VERSION);
}

static void nta_proc_line(struct seq_file *m, const char *label,
			  const struct nta_count count[NTA_FLOWS])
{
	int flow;

	seq_printf(m, "%-10s", label);
	for (flow = 0; flow < NTA_LOOPBACK; flow++) {
		struct nta_count both = nta_count_both(count, flow);

		seq_printf(m, " %llu %llu", both.packets, both.bytes);
	}
	seq_putc(m, '\n');
}

/* The part of a line that loopback carried. */
static void nta_proc_loopback(struct seq_file *m, const char *label,
			      const struct nta_count count[NTA_FLOWS])
{
	int flow;

	seq_printf(m, "loopback %-10s", label);
	for (flow = NTA_LOOPBACK; flow < NTA_FLOWS; flow++)
		seq_printf(m, " %llu %llu", count[flow].packets, count[flow].bytes);
	seq_putc(m, '\n');
}

static void nta_proc_counts(struct seq_file *m, const struct nta_sums *sums,
			    const struct nta_exit_stats *exits,
			    void (*line)(struct seq_file *m, const char *label,
					 const struct nta_count count[NTA_FLOWS]))
{
	static const char * const label[NTA_CLASSES] = {
		[NTA_KERNEL] = "kernel:",
		[NTA_NOSOCKET] = "nosocket:",
		[NTA_GONE] = "gone:",
		[NTA_OVERFLOW] = "overflow:",
	};
	int class;

	line(m, "total:", sums->totals.all);
	line(m, "waiting:", sums->waiting);
	for (class = 0; class < NTA_CLASSES; class++)
		line(m, label[class], sums->totals.class[class]);
	line(m, "exited:", exits->exited);
}

static int nta_proc_show(struct seq_file *m, void *v)
{
	struct nta_switch_stats switched;
	struct nta_frag_stats frags;
	struct nta_exit_stats exits;
	struct nta_walk_stats walks;
	struct nta_sums sums;

	nta_sums_read(&sums);
	nta_exit_stats(&exits);
	nta_walk_stats(&walks);
	nta_switch_stats(&switched);
	nta_frag_stats(&frags);

	nta_proc_classic(m, &sums, &exits);
	seq_putc(m, '\n');
	nta_proc_counts(m, &sums, &exits, nta_proc_line);
	seq_printf(m, "\nexits dropped: %llu\n", exits.dropped);
	seq_printf(m, "exits unread timeouts: %llu\n", exits.timeouts);
	seq_printf(m, "owner walks: %llu\n", walks.walks);
	seq_printf(m, "owner walk descriptors: %llu\n", walks.descriptors);
	seq_printf(m, "owner walk last ns: %llu\n", walks.last_ns);
	seq_printf(m, "sockets without owner: %u\n", nta_unowned_any());
	seq_printf(m, "objects: sockets %ld tasks %ld\n",
		   atomic_long_read(&nta_sock_objects),
		   atomic_long_read(&nta_task_objects));
	seq_printf(m, "records of fragments: %llu (overflow: %llu)\n",
		   frags.records, frags.evicted);
	seq_printf(m, "accounting: %s\n", switched.on ? "on" : "off");
	seq_printf(m, "accounting pauses: %llu, %llu ms not counted\n",
		   switched.pauses, switched.ms);
	nta_proc_counts(m, &sums, &exits, nta_proc_loopback);
	return 0;
}

/**
 * nta_proc_file_setup - make /proc/netatop
 *
 * Return: 0 or -ENOMEM.
 */
int nta_proc_file_setup(void)
{
	nta_proc_entry = proc_create_single("netatop", 0444, NULL,
					    nta_proc_show);
	return nta_proc_entry ? 0 : -ENOMEM;
}

/**
 * nta_proc_file_teardown - remove /proc/netatop
 *
 * Waits for readers that are inside.
 */
void nta_proc_file_teardown(void)
{
	proc_remove(nta_proc_entry);
}
