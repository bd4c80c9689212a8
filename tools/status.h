/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of this machine at a glance: for oomtrace status, the metrics
 * and the screen.
 */
#ifndef OOMTRACE_STATUS_H
#define OOMTRACE_STATUS_H

#include <stdbool.h>

#include "options.h"

/* Counts denials, among other things. */
#define STATUS_STATS_FILE	"/sys/kernel/debug/oomtrace/stats"

/**
 * struct status - this machine
 * @state: can the module be asked?
 * @why: if not, why, a sentence.
 * @info: what the module says; only if it can be asked, as the next five.
 * @lost: records that were overwritten before this reader came.
 * @last: the newest episode in which somebody was chosen, or the newest.
 * @verdict: its verdict; type 0: none is held.
 * @end: its end; likewise.
 * @denials: commit requests refused since load.
 * @denials_known: @denials is.
 * @kills: OOM kills since boot, by /proc/vmstat.
 * @kills_known: @kills is.
 * @mode: vm.overcommit_memory.
 * @mode_known: @mode is.
 * @memory: a sample.
 * @pstore: files of a panic that wait in /sys/fs/pstore.
 */
struct status {
	enum {
		STATUS_LOADED,
		STATUS_ABSENT,
		STATUS_FORBIDDEN,
		STATUS_BROKEN,
	} state;
	char why[512];
	struct oomtrace_info info;
	unsigned long long lost;
	unsigned long long last;
	struct oomtrace_verdict verdict;
	struct oomtrace_oom_end end;
	unsigned long long denials;
	bool denials_known;
	unsigned long long kills;
	bool kills_known;
	unsigned long long mode;
	bool mode_known;
	struct oomtrace_sample memory;
	size_t pstore;
};

/** status_read() - find it all out */
void status_read(struct status *s, const struct options *opt);

#endif /* OOMTRACE_STATUS_H */
