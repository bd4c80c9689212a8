/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters that are always on: handlers increment them, readers sum them up.
 */
#ifndef OOMTRACE_STATS_H
#define OOMTRACE_STATS_H

#include <linux/bitops.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>

#include "include/oomtrace.h"

/* The overcommit mode is unknown: the kernel's variable was not found. */
#define OOMTRACE_MODE_UNKNOWN	3

/* Buckets of the histograms: bucket n counts 2^(n-1) to 2^n - 1 pages. */
#define OOMTRACE_PAGES_BUCKETS	65

/**
 * struct oomtrace_stats - what one CPU has counted since load
 * @quick: decisions by fls64() of the requested pages and by overcommit mode: the
 *	grants that took a quick way. The other members but @headroom do not include
 *	them. In mode 2 the last bucket is for negative requests.
 * @decisions: decisions of __vm_enough_memory() by overcommit mode and outcome (0
 *	granted, 1 denied).
 * @unrecorded: decisions that have no record, since the ring rejected the nested
 *	write.
 * @pages: decisions by fls64() of the requested pages; the last bucket: negative.
 * @headroom: decisions in mode 2 by fls64() of the pages left after them, allowed
 *	- committed; the last bucket: none left.
 */
struct oomtrace_stats {
	u64 quick[OOMTRACE_PAGES_BUCKETS - 1][OOMTRACE_MODE_UNKNOWN + 1];
	u64 decisions[OOMTRACE_MODE_UNKNOWN + 1][2];
	u64 unrecorded;
	u64 pages[OOMTRACE_PAGES_BUCKETS];
	u64 headroom[OOMTRACE_PAGES_BUCKETS];
};

DECLARE_PER_CPU(struct oomtrace_stats, oomtrace_stats);

/* Count the size of a request that is not in @quick. */
static __always_inline void oomtrace_stats_pages(long pages)
{
	this_cpu_inc(oomtrace_stats.pages[fls64(pages)]);
}

/* Count a decision in mode 2 by the pages left; the last bucket is for none. */
static __always_inline void oomtrace_stats_headroom(s64 pages)
{
	/* fls64(pages), in fewer instructions. */
	unsigned int bucket = likely(pages > 0) ? __fls(2 * (u64)pages + 1) :
						  OOMTRACE_PAGES_BUCKETS - 1;

	this_cpu_inc(oomtrace_stats.headroom[bucket]);
}

/**
 * enum oomtrace_unrecorded - events that are counted but not recorded
 * @OOMTRACE_UNRECORDED_REPEAT: an OOM that only repeats an earlier one.
 * @OOMTRACE_UNRECORDED_RETRY: an allocator retry; the table was full.
 * @OOMTRACE_UNRECORDED_PATH: a cgroup's path; no room, or the cgroup is
 *	being removed.
 * @OOMTRACE_UNRECORDED_SIGNAL: an OOM daemon's signal; the table was full.
 * @OOMTRACE_UNRECORDED_SIGKILL: a SIGKILL; there were too many, and a later record
 *	counts it.
 * @OOMTRACE_UNRECORDED_WAIT: a wait in a cgroup whose OOM killer is off; the table was
 *	full.
 * @OOMTRACE_UNRECORDED_WATCH: a victim is not watched; the table was full.
 */
enum oomtrace_unrecorded {
	OOMTRACE_UNRECORDED_REPEAT,
	OOMTRACE_UNRECORDED_RETRY,
	OOMTRACE_UNRECORDED_PATH,
	OOMTRACE_UNRECORDED_SIGNAL,
	OOMTRACE_UNRECORDED_SIGKILL,
	OOMTRACE_UNRECORDED_WATCH,
	OOMTRACE_UNRECORDED_WAIT,
	OOMTRACE_UNRECORDED,
};

int oomtrace_stats_init(void);
void oomtrace_stats_exit(void);
void oomtrace_stats_denial(void);
u64 oomtrace_stats_quick(int mode);
u64 oomtrace_stats_decisions(void);
void oomtrace_stats_ending(unsigned int ending);
void oomtrace_stats_sigkill(unsigned int sender);
void oomtrace_stats_unrecorded(enum oomtrace_unrecorded kind, unsigned int n);
void oomtrace_stats_info(struct oomtrace_stats_info *info);
void oomtrace_stats_show(struct seq_file *m, u64 episodes, u64 no_stack);

#endif /* OOMTRACE_STATS_H */
