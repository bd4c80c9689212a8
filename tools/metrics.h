/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prometheus counters computed from records.
 *
 * Labels with values from outside (command names, workloads) have a limited number
 * of values; the rest is counted as "other". Nothing is allocated, so counting
 * goes on while memory is out.
 */
#ifndef OOMTRACE_METRICS_H
#define OOMTRACE_METRICS_H

#include <stdbool.h>
#include <stdio.h>

#include "../common/decider.h"
#include "../common/shim.h"
#include "cgroups.h"
#include "workload.h"

#define METRICS_VALUES	64	/* distinct values of a label */
#define METRICS_UNNAMED	32	/* cgroups with kills whose path is not known yet */
#define METRICS_PENDING	128	/* victims whose memory is not free yet */
#define METRICS_EPISODES 256	/* newest episodes whose scope is stored */
#define METRICS_BUCKETS	10
/* An invalid byte becomes U+FFFD, which has 3 bytes in UTF-8. */
#define METRICS_COMM	(3 * OOMTRACE_COMM_LEN + 1)

/**
 * struct metrics - all counters; zeroed at the start
 * @since_ns: older records are not counted, CLOCK_MONOTONIC; they still set the
 *	time of the last OOM.
 * @cgroups: set its names_root if the records are of this machine.
 * @wall_offset_ns: offset of the records fed now to CLOCK_REALTIME, which changes
 *	with each suspend; 0 to use the source's offset at printing.
 */
struct metrics {
	u64 since_ns;
	s64 wall_offset_ns;
	/* private: */
	u64 episodes[OOMTRACE_SCOPES + 1][OOMTRACE_ENDINGS];
	struct metrics_scope {
		u64 episode;
		u32 scope;
		enum oomtrace_decider decider;
	} scopes[METRICS_EPISODES];	/* by episode, modulo */
	struct {
		char comm[METRICS_COMM];	/* valid UTF-8 */
		u64 n;
	} denials[METRICS_VALUES];
	u64 denials_other;
	struct {
		struct workload workload;
		u64 n;
		u64 used;		/* the newest of all uses is kills_used */
	} kills[METRICS_VALUES];
	u64 deciders[OOMTRACE_DECIDERS];	/* kills by who decided */
	u64 kills_used;
	u64 kills_other;	/* of workloads whose place was taken */
	u64 kills_unknown;	/* of cgroups whose path never came */
	struct {
		u64 id;
		u64 n;
		u64 ts_ns;		/* the last kill, CLOCK_MONOTONIC */
	} unnamed[METRICS_UNNAMED];
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
		u64 ns;			/* CLOCK_MONOTONIC; 0: never */
		s64 wall_offset_ns;
	} last_oom, last_kill;
	struct oomtrace_sample sample;
	/* public: */
	struct cgroups cgroups;
};

/**
 * struct metrics_source - values that no record has
 * @up: the module can be read.
 * @reason: why not, a word; then nothing else is printed. NULL if not known.
 * @info: the module's information; only if @info_known.
 * @info_known: @info is valid.
 * @page_size: bytes of a page.
 * @wall_offset_ns: from record time to CLOCK_REALTIME; 0 if unknown.
 * @sample: memory now; type 0 to use the last sample record.
 * @mode: vm.overcommit_memory; negative if not known.
 * @openmetrics: print OpenMetrics instead of Prometheus's text format.
 */
struct metrics_source {
	bool up;
	const char *reason;
	bool info_known;
	bool openmetrics;
	int mode;
	unsigned int page_size;
	s64 wall_offset_ns;
	struct oomtrace_info info;
	struct oomtrace_sample sample;
};

/** metrics_feed() - count a record */
void metrics_feed(struct metrics *m, const struct oomtrace_header *rec);

/**
 * metrics_settle() - count kills in cgroups without a path as those of an unknown
 * workload
 * @m: the counters.
 * @before_ns: only kills before this time, CLOCK_MONOTONIC: a path comes up to a
 *	second after the kill.
 */
void metrics_settle(struct metrics *m, u64 before_ns);

/** metrics_print() - print all metrics; the caller checks the stream for errors */
void metrics_print(const struct metrics *m, const struct metrics_source *src,
		   FILE *to);

#endif /* OOMTRACE_METRICS_H */
