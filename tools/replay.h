/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replays the OOM killer's choice from the recorded candidates, with other
 * oom_score_adj values or another limit.
 *
 * The rules are those of oom_evaluate_task() and oom_badness(). Tasks are taken
 * in the order of the scan, and ineligible tasks are skipped. A victim that is
 * still dying aborts the scan. A task marked as OOM origin is chosen whatever its
 * score. Otherwise a task with at least the points of the current choice replaces
 * it, so of equal tasks the later one is chosen. The points are the kernel's, with
 * the recorded oom_score_adj replaced by the assumed one.
 *
 * Pure functions over records: nothing here reads, prints or depends on the
 * machine.
 */
#ifndef OOMTRACE_REPLAY_H
#define OOMTRACE_REPLAY_H

#include <stdbool.h>

#include "records.h"

/* Results of a replay other than the index of a task. */
#define REPLAY_NOBODY	(-1)	/* no task is eligible */
#define REPLAY_ABORTED	(-2)	/* an earlier victim is still dying */

#define ADJ_MIN		(-1000)
#define ADJ_MAX		1000

/**
 * candidate_memory() - memory of a candidate as the OOM killer counts it
 * @c: the candidate.
 * @page_size: bytes of a page.
 * @totalpages: that of the verdict; 0 if it is not known.
 * @pages: out: resident memory, swap and page tables, pages.
 *
 * The sum of its recorded terms. A record without terms has the kernel's points,
 * which are that sum and the share of oom_score_adj.
 *
 * Return: false if neither is known; @pages is then undefined.
 */
bool candidate_memory(const struct oomtrace_candidate *c, unsigned int page_size,
		      s64 totalpages, s64 *pages);

/**
 * enum replay_state - the role of a task in the replay
 * @REPLAY_ELIGIBLE: it can be chosen, by its points.
 * @REPLAY_ORIGIN: it is an OOM origin, so it is chosen before all others.
 * @REPLAY_EXEMPT: it may not be killed.
 * @REPLAY_ABORTS: it is a dying victim, which aborts the scan.
 * @REPLAY_UNKNOWN: its record lacks the fields to compute its points.
 */
enum replay_state {
	REPLAY_ELIGIBLE,
	REPLAY_ORIGIN,
	REPLAY_EXEMPT,
	REPLAY_ABORTS,
	REPLAY_UNKNOWN,
};

/**
 * struct replay_task - a candidate and its assumed state
 * @c: record of the candidate.
 * @adj: assumed oom_score_adj.
 * @state: state with @adj.
 * @points: points with @adj, pages; only if @state is REPLAY_ELIGIBLE.
 * @worked_out: @points are computed from its memory, not from the kernel's points.
 */
struct replay_task {
	const struct oomtrace_candidate *c;
	int adj;
	enum replay_state state;
	s64 points;
	bool worked_out;
};

/**
 * struct replay - the candidates of one episode
 * @task: the candidates in the order of the scan.
 * @n: number of candidates.
 * @page_size: bytes of a page.
 * @totalpages: the kernel's totalpages; one oom_score_adj is a thousandth of it.
 * @assumed: assumed totalpages.
 */
struct replay {
	struct replay_task *task;
	size_t n;
	unsigned int page_size;
	s64 totalpages;
	s64 assumed;
};

/**
 * replay_init() - collect the candidates of an episode
 * @r: out; free it with replay_free().
 * @recs: the records, which must outlive @r.
 * @episode: the episode.
 *
 * Return: true, or false if the episode's totalpages, which every score needs, is
 * unknown.
 */
bool replay_init(struct replay *r, const struct records *recs,
		 unsigned long long episode);

/** replay_free() - free the tasks */
void replay_free(struct replay *r);

/** replay_set_adj() - assume another oom_score_adj of the task with index @i */
void replay_set_adj(struct replay *r, size_t i, int adj);

/** replay_set_total() - assume another totalpages */
void replay_set_total(struct replay *r, s64 pages);

/** replay_choose() - index of the chosen task, REPLAY_NOBODY or REPLAY_ABORTED */
long replay_choose(const struct replay *r);

/** replay_unknown() - number of tasks whose points are unknown */
size_t replay_unknown(const struct replay *r);

/**
 * replay_save() - find the highest oom_score_adj with which a task is not chosen
 * @r: the candidates; the task's assumed oom_score_adj becomes the result.
 * @i: index of the task.
 *
 * Return: true if the kernel accepts such a value.
 */
bool replay_save(struct replay *r, size_t i);

#endif /* OOMTRACE_REPLAY_H */
