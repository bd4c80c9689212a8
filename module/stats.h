/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters that are always on: per CPU, bumped by the hooks, summed by readers.
 */
#ifndef OOMTRACE_STATS_H
#define OOMTRACE_STATS_H

#include <linux/percpu.h>
#include <linux/seq_file.h>

#include "include/oomtrace.h"
#include "hook/symbols.h"

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

void oomtrace_stats_denial(void);
void oomtrace_stats_ending(unsigned int ending);
void oomtrace_stats_info(struct oomtrace_stats_info *info);
void oomtrace_stats_show(struct seq_file *m);

#endif /* OOMTRACE_STATS_H */
