/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the page of an OOM shows, collected from its records.
 */
#ifndef OOMTRACE_REPORT_FACTS_H
#define OOMTRACE_REPORT_FACTS_H

#include <stdbool.h>

#include "cgroups.h"
#include "records.h"

/**
 * struct report - an OOM and its origin
 * @recs: all records.
 * @episode: number of the episode, 0 if there is none.
 * @path: name of the device or file that was read.
 * @begin: NULL if absent, like the next ones.
 * @account: what the memory of its cgroup was used for; NULL if not of a cgroup.
 * @verdict: the choice.
 * @victim: the first victim.
 * @end: the end.
 * @victims: number of processes that were killed.
 * @candidates: those with a score, the highest first, then the exempt ones.
 * @ncandidates: number of @candidates; kernel threads are not among them.
 * @eligible: number of candidates with a score.
 * @kthreads: number of kernel threads.
 * @freed_ns: from the kill until the memory was free; 0 if not known.
 * @cgroups: paths.
 */
struct report {
	struct records recs;
	unsigned long long episode;
	const char *path;
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_memcg *account;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	size_t victims;
	const struct oomtrace_candidate **candidates;
	size_t ncandidates;
	size_t eligible;
	size_t kthreads;
	unsigned long long freed_ns;
	struct cgroups cgroups;
};

/** report_collect() - fill @r from its @recs and @episode; may exit */
void report_collect(struct report *r);

/** report_sample() - record @i of @recs, if it is a sample of the hours around; or NULL */
const struct oomtrace_sample *report_sample(const struct report *r, size_t i);

/** report_bytes() - pages of the recorded machine in bytes */
double report_bytes(const struct report *r, long long pages);

/** report_memory() - candidate_memory() of a candidate; 0 pages if not known */
bool report_memory(const struct report *r, const struct oomtrace_candidate *c,
		   s64 *pages);

/** report_owner() - container, unit or path of a cgroup; "" if not known */
const char *report_owner(const struct report *r, unsigned long long cgroup_id,
			 char *label, size_t size);

/** report_limit() - pages that a candidate's share is a part of; 0 if not known */
long long report_limit(const struct report *r);

#endif /* OOMTRACE_REPORT_FACTS_H */
