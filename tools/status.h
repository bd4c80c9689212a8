/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the module and of this machine's memory at a glance.
 */
#ifndef OOMTRACE_STATUS_H
#define OOMTRACE_STATUS_H

#include <stdbool.h>

#include "options.h"

/* The module's statistics, which include denials. */
#define STATUS_STATS_FILE	"/sys/kernel/debug/oomtrace/stats"

/**
 * struct status - the module and this machine's memory
 * @state: whether the module is loaded and readable.
 * @why: reason if it is not, a sentence.
 * @info: the module's information. This and the next five members are valid only
 *	if @state is STATUS_LOADED.
 * @lost: records that were overwritten.
 * @last: the newest episode with a victim, or else the newest episode.
 * @victim: its first victim that no earlier one had killed, whoever decided; type 0 if
 *	none is buffered.
 * @end: its end; type 0 if that is not buffered.
 * @denials: commit requests refused since the module was loaded.
 * @denials_known: @denials is valid.
 * @kills: OOM kills since boot, by /proc/vmstat.
 * @kills_known: @kills is valid.
 * @mode: vm.overcommit_memory.
 * @mode_known: @mode is valid.
 * @memory: a sample of /proc/meminfo.
 * @pstore: number of panic files that pstore has.
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
	struct oomtrace_victim victim;
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

/**
 * status_verdict() - the exit status for a state
 *
 * Return: EXIT_OK, EXIT_BLIND, EXIT_HOOKS; EXIT_RUNTIME if only root may know.
 */
int status_verdict(const struct status *s);

/** status_read() - read the module's and the machine's state */
void status_read(struct status *s, const struct options *opt);

#endif /* OOMTRACE_STATUS_H */
