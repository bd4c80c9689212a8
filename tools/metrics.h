/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters made of records, as Prometheus takes them: for oomtrace export and
 * for oomtraced.
 *
 * Labels whose values come from outside (command names, cgroups) have a bounded
 * number of them, the rest is counted as "other". Nothing allocates, so that a
 * service can go on counting while memory is out.
 */
#ifndef OOMTRACE_METRICS_H
#define OOMTRACE_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "../common/shim.h"
#include "cgroups.h"

#define METRICS_VALUES	64	/* different values of a label */
#define METRICS_PENDING	128	/* victims whose memory is not back yet */
#define METRICS_EPISODES 256	/* the newest, whose scope is known */
#define METRICS_BUCKETS	10
/* A byte that is no UTF-8 is three of them as U+FFFD. */
#define METRICS_COMM	(3 * OOMTRACE_COMM_LEN + 1)

/**
 * struct metrics - everything counted so far; zero to start with
 * @since_ns: records from before are not counted, as records count time; an OOM
 *	is known as the last one all the same.
 * @wall_offset_ns: from the time of records that are fed now to CLOCK_REALTIME; it
 *	changes with each suspend. 0: the source's, when they are printed.
 */
struct metrics {
	u64 since_ns;
	s64 wall_offset_ns;
	/* private: */
	u64 episodes[OOMTRACE_SCOPES + 1][OOMTRACE_ENDINGS];
	struct metrics_scope {
		u64 episode;
		u32 scope;
	} scopes[METRICS_EPISODES];	/* by episode, modulo */
	struct {
		char comm[METRICS_COMM];	/* valid UTF-8 */
		u64 n;
	} denials[METRICS_VALUES];
	u64 denials_other;
	struct {
		u64 id;				/* the newest of them */
		char path[CGROUP_PATH_MAX];	/* "": not told yet */
		u64 n;
	} kills[METRICS_VALUES];
	u64 kills_other;
	struct {
		u64 episode;
		s32 pid;
	} pending[METRICS_PENDING];
	u64 npending;
	u64 freed[METRICS_BUCKETS];
	u64 freed_count;
	double freed_sum;
	u64 lost[OOMTRACE_RINGS];
	struct metrics_time {
		u64 ns;			/* as records count it; 0: never */
		s64 wall_offset_ns;
	} last_oom, last_kill;
	struct oomtrace_sample sample;
	struct cgroups cgroups;
};

/**
 * struct metrics_source - what no record says
 * @up: the module can be read.
 * @info: what it says; only if @info_known.
 * @info_known: @info is there.
 * @page_size: bytes of a page.
 * @wall_offset_ns: from records' time to CLOCK_REALTIME; 0: not known.
 * @sample: memory now, or of the last sample; type 0: not known.
 * @openmetrics: print OpenMetrics instead of Prometheus's text format.
 */
struct metrics_source {
	bool up;
	bool info_known;
	bool openmetrics;
	unsigned int page_size;
	s64 wall_offset_ns;
	struct oomtrace_info info;
	struct oomtrace_sample sample;
};

/** metrics_feed() - count a record */
void metrics_feed(struct metrics *m, const struct oomtrace_header *rec);

/** metrics_print() - all of it; the stream's errors are the caller's */
void metrics_print(const struct metrics *m, const struct metrics_source *src,
		   FILE *to);

#endif /* OOMTRACE_METRICS_H */
