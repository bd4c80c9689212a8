/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The OOM killer's choice made again from the recorded candidates, with other
 * oom_score_adj values or another limit: who would have died?
 *
 * The rules are the kernel's (oom_evaluate_task(), oom_badness()): tasks in the
 * order of the scan; those that may not be killed are passed over; a victim
 * that is still dying ends the scan; a task marked as OOM origin leads whatever
 * its score; else who has at least the points of the leader so far leads, so
 * that of equals the later one dies. The points are the kernel's own, from
 * which the old adj's share is taken and to which the new one's is added.
 *
 * Pure functions over records: nothing here reads, prints or looks at the
 * machine.
 */
#ifndef OOMTRACE_REPLAY_H
#define OOMTRACE_REPLAY_H

#include <stdbool.h>

#include "records.h"

/* What a replayed choice says instead of a task's number. */
#define REPLAY_NOBODY	(-1)	/* nobody is eligible */
#define REPLAY_ABORTED	(-2)	/* an earlier victim is still dying: wait */

#define ADJ_MIN		(-1000)
#define ADJ_MAX		1000

/**
 * enum replay_state - may this task be killed?
 * @REPLAY_ELIGIBLE: yes, and @points says how badly.
 * @REPLAY_ORIGIN: yes, before all others: it is an OOM origin.
 * @REPLAY_EXEMPT: no.
 * @REPLAY_ABORTS: it is a victim still dying, which ends the scan.
 * @REPLAY_UNKNOWN: its record does not tell enough.
 */
enum replay_state {
	REPLAY_ELIGIBLE,
	REPLAY_ORIGIN,
	REPLAY_EXEMPT,
	REPLAY_ABORTS,
	REPLAY_UNKNOWN,
};

/**
 * struct replay_task - a candidate and what is assumed about it
 * @c: its record.
 * @adj: assumed oom_score_adj.
 * @state: with that.
 * @points: with that, pages; only if @state is REPLAY_ELIGIBLE.
 * @worked_out: @points are a sum over its memory, not the kernel's points.
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
 * @task: in the order of the scan.
 * @n: how many.
 * @page_size: bytes of a page.
 * @totalpages: what adj is a thousandth of, as the kernel had it.
 * @assumed: the same as is assumed.
 */
struct replay {
	struct replay_task *task;
	size_t n;
	unsigned int page_size;
	s64 totalpages;
	s64 assumed;
};

/**
 * replay_init() - take the candidates of an episode
 * @r: out; replay_free() it.
 * @recs: the records, which must outlive @r.
 * @episode: the episode.
 *
 * Return: true; false if its totalpages is not known, without which no score
 * can be changed.
 */
bool replay_init(struct replay *r, const struct records *recs,
		 unsigned long long episode);

/** replay_free() - let go of the tasks */
void replay_free(struct replay *r);

/** replay_set_adj() - assume another oom_score_adj of the task at @i */
void replay_set_adj(struct replay *r, size_t i, int adj);

/** replay_set_total() - assume another totalpages */
void replay_set_total(struct replay *r, s64 pages);

/** replay_choose() - number of the task that dies, or REPLAY_NOBODY... */
long replay_choose(const struct replay *r);

/** replay_unknown() - how many tasks might have been chosen, for all we know */
size_t replay_unknown(const struct replay *r);

/**
 * replay_save() - the smallest change of adj with which a task is not chosen
 * @r: the candidates; the task's assumed adj is changed to the result.
 * @i: the task.
 *
 * Return: true, if there is one that the kernel accepts.
 */
bool replay_save(struct replay *r, size_t i);

#endif /* OOMTRACE_REPLAY_H */
