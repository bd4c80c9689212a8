/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters that are always on: per CPU, incremented by handlers, summed by readers.
 */
#ifndef OOMTRACE_STATS_H
#define OOMTRACE_STATS_H

#include <linux/percpu.h>
#include <linux/seq_file.h>

#include "include/oomtrace.h"

/* The overcommit mode where the kernel's variable was not found. */
#define OOMTRACE_MODE_UNKNOWN	3

/* Buckets of the histograms of pages: bucket n holds 2^(n-1) .. 2^n - 1 */
#define OOMTRACE_PAGES_BUCKETS	65

/**
 * struct oomtrace_stats - what one CPU has counted since load
 * @decisions: answers of __vm_enough_memory() by mode (the last one: mode
 *	unknown) and outcome (0 granted, 1 denied).
 * @unrecorded: decisions that were to be recorded, but the ring refused the
 *	write.
 * @pages: decisions by fls64() of the pages asked for.
 * @headroom: decisions in mode 2 by fls64() of what was left after them,
 *	allowed - committed; the last bucket: nothing was.
 */
struct oomtrace_stats {
	u64 decisions[OOMTRACE_MODE_UNKNOWN + 1][2];
	u64 unrecorded;
	u64 pages[OOMTRACE_PAGES_BUCKETS];
	u64 headroom[OOMTRACE_PAGES_BUCKETS];
};

DECLARE_PER_CPU(struct oomtrace_stats, oomtrace_stats);

/**
 * enum oomtrace_unrecorded - what happened and has no record of its own
 * @OOMTRACE_UNRECORDED_REPEAT: an OOM that only repeats another one.
 * @OOMTRACE_UNRECORDED_RETRY: a retry of the allocator; the table was full.
 * @OOMTRACE_UNRECORDED_PATH: a cgroup whose path no record has; the set was full.
 * @OOMTRACE_UNRECORDED_SIGNAL: a signal of an OOM daemon; the table was full.
 */
enum oomtrace_unrecorded {
	OOMTRACE_UNRECORDED_REPEAT,
	OOMTRACE_UNRECORDED_RETRY,
	OOMTRACE_UNRECORDED_PATH,
	OOMTRACE_UNRECORDED_SIGNAL,
	OOMTRACE_UNRECORDED,
};

void oomtrace_stats_denial(void);
void oomtrace_stats_ending(unsigned int ending);
void oomtrace_stats_unrecorded(enum oomtrace_unrecorded kind, unsigned int n);
void oomtrace_stats_info(struct oomtrace_stats_info *info);
void oomtrace_stats_show(struct seq_file *m, u64 episodes, u64 no_stack);

#endif /* OOMTRACE_STATS_H */
