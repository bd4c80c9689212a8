// SPDX-License-Identifier: GPL-2.0
/*
 * Contenders: which candidates of a scan have full records in any case.
 *
 * A candidate dies, or would have died with another oom_score_adj or limit, only
 * if no other one with its oom_score_adj has more points. So the explanation of
 * an OOM needs the terms of a few candidates: the ones with the most points, and
 * the best one of each oom_score_adj. These are the contenders.
 *
 * A scan may evaluate more tasks than the candidates' ring has slots. When it has
 * used its part of the ring, further records of contenders are staged here, and
 * written at the end of the episode. Other candidates are only counted then. So a
 * scan of any length never overwrites a contender of its own.
 *
 * Runs in the task inside out_of_memory(). Does not wait or allocate.
 */
#include "oom/contenders.h"
#include "oom/episode.h"

struct oomtrace_contenders oomtrace_contenders;

/**
 * oomtrace_contenders_init() - prepare for the first scan
 */
void oomtrace_contenders_init(void)
{
	u32 i;

	for (i = 0; i < OOMTRACE_ADJS; i++)
		oomtrace_contenders.adj[i] = LONG_MIN;
	oomtrace_contenders_begin();
}

/**
 * oomtrace_contenders_begin() - start a scan without contenders
 */
void oomtrace_contenders_begin(void)
{
	struct oomtrace_contenders *c = &oomtrace_contenders;
	u32 i;

	for (i = 0; i < OOMTRACE_TOP; i++)
		c->top[i] = LONG_MIN;
	while (c->n)
		c->adj[c->used[--c->n]] = LONG_MIN;
	c->staged = 0;
}

/* Replace the smallest value of the heap. */
static void replace_smallest(long *top, long points)
{
	u32 at = 0, child;

	while ((child = 2 * at + 1) < OOMTRACE_TOP) {
		if (child + 1 < OOMTRACE_TOP && top[child + 1] < top[child])
			child++;
		if (points <= top[child])
			break;
		top[at] = top[child];
		at = child;
	}
	top[at] = points;
}

/**
 * oomtrace_contender_add() - add a candidate that contends by at least one rule
 * @points: its points.
 * @adj: its oom_score_adj.
 */
void oomtrace_contender_add(long points, int adj)
{
	struct oomtrace_contenders *c = &oomtrace_contenders;
	unsigned int i = oomtrace_adj_index(adj);

	if (points > c->top[0])
		replace_smallest(c->top, points);
	if (points > c->adj[i]) {
		if (c->adj[i] == LONG_MIN)
			c->used[c->n++] = i;
		c->adj[i] = points;
	}
}

/*
 * Can a candidate still decide what is reported? Of equal ones the later one dies,
 * so all of them can. The one at which the scan stopped is the whole answer.
 */
static bool can_matter(const struct oomtrace_candidate *rec)
{
	const struct oomtrace_contenders *c = &oomtrace_contenders;

	return rec->verdict == OOMTRACE_EVAL_ABORT || rec->points >= c->top[0] ||
	       rec->points >= c->adj[oomtrace_adj_index(rec->oom_score_adj)];
}

/* Drop the staged records that cannot matter any more; returns their number. */
static u32 drop_losers(void)
{
	struct oomtrace_contenders *c = &oomtrace_contenders;
	u32 i, kept = 0, dropped;

	for (i = 0; i < c->staged; i++) {
		if (!can_matter(&c->rec[i]))
			continue;
		if (kept != i)
			c->rec[kept] = c->rec[i];
		kept++;
	}
	dropped = c->staged - kept;
	c->staged = kept;
	return dropped;
}

/* The staged record with the fewest points, of equal ones the earliest. */
static struct oomtrace_candidate *find_least(void)
{
	struct oomtrace_contenders *c = &oomtrace_contenders;
	struct oomtrace_candidate *least = &c->rec[0];
	u32 i;

	for (i = 1; i < c->staged; i++)
		if (c->rec[i].points < least->points ||
		    (c->rec[i].points == least->points &&
		     c->rec[i].index < least->index))
			least = &c->rec[i];
	return least;
}

/**
 * oomtrace_contender_stage() - stage a record, if it can matter
 * @rec: the record of a candidate with points.
 * @room: records that the ring has kept free for staged ones, at least one.
 *
 * Return: number of records that were dropped, among them perhaps @rec: they will
 * never be written.
 */
u32 oomtrace_contender_stage(const struct oomtrace_candidate *rec, u32 room)
{
	struct oomtrace_contenders *c = &oomtrace_contenders;
	struct oomtrace_candidate *least;
	u32 dropped = 0;

	if (!can_matter(rec))
		return 1;
	if (c->staged >= room)
		dropped = drop_losers();
	if (c->staged < room) {
		c->rec[c->staged++] = *rec;
		return dropped;
	}
	least = find_least();
	if (rec->points >= least->points || rec->verdict == OOMTRACE_EVAL_ABORT)
		*least = *rec;
	return dropped + 1;
}

/**
 * oomtrace_contenders_write() - write the staged records, at the end of the scan
 *
 * Return: number of staged records that were not written.
 */
u32 oomtrace_contenders_write(void)
{
	struct oomtrace_contenders *c = &oomtrace_contenders;
	u32 i, missed = drop_losers();

	/* If another writer does not end, it does not end for the next one. */
	for (i = 0; i < c->staged; i++)
		if (!oomtrace_oom_write(&c->rec[i].h))
			break;
	missed += c->staged - i;
	c->staged = 0;
	return missed;
}
