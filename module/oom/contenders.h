/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Contenders: the candidates of an episode that can decide what is reported of
 * it: those with the most points, and the best of each oom_score_adj.
 */
#ifndef OOMTRACE_CONTENDERS_H
#define OOMTRACE_CONTENDERS_H

#include <linux/compiler.h>
#include <linux/oom.h>
#include <linux/types.h>

#include "include/oomtrace.h"

/* Contenders by points, at most. */
#define OOMTRACE_TOP		64
/* Records of contenders that wait for the end of the scan, at most. */
#define OOMTRACE_STAGED		320

/* More than the number of values of oom_score_adj, a power of two. */
#define OOMTRACE_ADJS		2048

/**
 * struct oomtrace_contenders - the contenders of the current scan
 * @top: the most points so far, a heap whose first entry is the smallest; LONG_MIN
 *	where there is no candidate.
 * @adj: the most points so far by oom_score_adj, see oomtrace_adj_index();
 *	LONG_MIN where there is no candidate.
 * @used: indices of the entries of @adj that are not LONG_MIN.
 * @n: entries of @used in use.
 * @staged: entries of @rec in use.
 * @rec: staged records.
 *
 * Only the task inside out_of_memory() accesses it.
 */
struct oomtrace_contenders {
	long top[OOMTRACE_TOP];
	long adj[OOMTRACE_ADJS];
	u16 used[OOMTRACE_ADJS];
	u32 n;
	u32 staged;
	struct oomtrace_candidate rec[OOMTRACE_STAGED];
};

extern struct oomtrace_contenders oomtrace_contenders;

static_assert(OOM_SCORE_ADJ_MAX - OOM_SCORE_ADJ_MIN < OOMTRACE_ADJS);

/* The place of an oom_score_adj in @adj; no value is outside it. */
static __always_inline unsigned int oomtrace_adj_index(int adj)
{
	return (adj - OOM_SCORE_ADJ_MIN) & (OOMTRACE_ADJS - 1);
}

void oomtrace_contender_add(long points, int adj);

/* Is a candidate a contender? If so, it is to be added. */
static __always_inline bool oomtrace_contends(long points, int adj)
{
	const struct oomtrace_contenders *c = &oomtrace_contenders;

	return points > c->top[0] || points > c->adj[oomtrace_adj_index(adj)];
}

void oomtrace_contenders_init(void);
void oomtrace_contenders_begin(void);
u32 oomtrace_contender_stage(const struct oomtrace_candidate *rec, u32 room);
u32 oomtrace_contenders_write(void);

#endif /* OOMTRACE_CONTENDERS_H */
