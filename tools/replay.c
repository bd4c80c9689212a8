// SPDX-License-Identifier: GPL-2.0
/*
 * Replays the OOM killer's choice from recorded candidates.
 */
#include <stdlib.h>

#include "../common/format.h"
#include "replay.h"

#define B(field)	OOMTRACE_BIT_candidate_##field

static bool candidate_has(const struct oomtrace_candidate *c, unsigned int idx)
{
	return oomtrace_field_valid(&c->h, idx);
}

/* Unsigned arithmetic, since values from a damaged file may overflow. */
static s64 adj_share(s64 adj, s64 totalpages)
{
	return (u64)adj * (u64)((u64)totalpages / 1000);
}

static bool sum_terms(const struct oomtrace_candidate *c, unsigned int page_size,
		      s64 *pages)
{
	if (!candidate_has(c, B(rss_anon)) || !candidate_has(c, B(rss_file)) ||
	    !candidate_has(c, B(rss_shmem)) || !candidate_has(c, B(swapents)) ||
	    !candidate_has(c, B(pgtables_bytes)))
		return false;
	*pages = (u64)c->rss_anon + (u64)c->rss_file + (u64)c->rss_shmem +
		 (u64)c->swapents + c->pgtables_bytes / page_size;
	return true;
}

bool candidate_memory(const struct oomtrace_candidate *c, unsigned int page_size,
		      s64 totalpages, s64 *pages)
{
	if (sum_terms(c, page_size, pages))
		return true;
	if (!totalpages || !candidate_has(c, B(points)) ||
	    !candidate_has(c, B(oom_score_adj)) || c->points == LLONG_MAX)
		return false;
	*pages = (u64)c->points - (u64)adj_share(c->oom_score_adj, totalpages);
	return true;
}

static bool is_exempt(const struct oomtrace_candidate *c)
{
	return candidate_has(c, B(verdict)) && c->verdict == OOMTRACE_EVAL_INELIGIBLE;
}

static void score_from_points(struct replay_task *t, const struct replay *r)
{
	t->state = REPLAY_ELIGIBLE;
	t->points = (u64)t->c->points -
		    (u64)adj_share(t->c->oom_score_adj, r->totalpages) +
		    (u64)adj_share(t->adj, r->assumed);
}

static void score_from_memory(struct replay_task *t, const struct replay *r)
{
	s64 pages;

	if (!sum_terms(t->c, r->page_size, &pages)) {
		t->state = REPLAY_UNKNOWN;
		return;
	}
	t->state = REPLAY_ELIGIBLE;
	t->points = (u64)pages + (u64)adj_share(t->adj, r->assumed);
	t->worked_out = true;
}

/* The checks are in the kernel's order. */
static void update_score(struct replay_task *t, const struct replay *r)
{
	const struct oomtrace_candidate *c = t->c;

	t->points = 0;
	t->worked_out = false;
	if (candidate_has(c, B(verdict)) && c->verdict == OOMTRACE_EVAL_ABORT)
		t->state = REPLAY_ABORTS;
	else if (is_exempt(c) && c->reason != OOMTRACE_REASON_ADJ_MIN)
		t->state = REPLAY_EXEMPT;
	else if (candidate_has(c, B(points)) && c->points == LLONG_MAX)
		t->state = REPLAY_ORIGIN;
	else if (t->adj == ADJ_MIN)
		t->state = REPLAY_EXEMPT;
	else if (candidate_has(c, B(points)) && candidate_has(c, B(oom_score_adj)))
		score_from_points(t, r);
	else
		score_from_memory(t, r);
}

static int by_index(const void *a, const void *b)
{
	const struct replay_task *x = a, *y = b;

	return (x->c->index > y->c->index) - (x->c->index < y->c->index);
}

bool replay_init(struct replay *r, const struct records *recs,
		 unsigned long long episode)
{
	const struct oomtrace_verdict *v;
	const struct oomtrace_header *rec;
	size_t pos = 0, i;

	memset(r, 0, sizeof(*r));
	r->page_size = recs->facts.page_size;
	v = records_first(recs, episode, OOMTRACE_VERDICT);
	if (!v || !oomtrace_field_valid(&v->h, OOMTRACE_BIT_verdict_totalpages))
		return false;
	r->totalpages = v->totalpages;
	r->assumed = v->totalpages;
	r->task = xcalloc(recs->n, sizeof(r->task[0]));
	while ((rec = records_next(recs, episode, &pos))) {
		if (rec->type != OOMTRACE_CANDIDATE)
			continue;
		r->task[r->n].c = (const void *)rec;
		r->task[r->n].adj = r->task[r->n].c->oom_score_adj;
		r->n++;
	}
	qsort(r->task, r->n, sizeof(r->task[0]), by_index);
	for (i = 0; i < r->n; i++)
		update_score(&r->task[i], r);
	return true;
}

void replay_free(struct replay *r)
{
	free(r->task);
	memset(r, 0, sizeof(*r));
}

void replay_set_adj(struct replay *r, size_t i, int adj)
{
	r->task[i].adj = adj;
	update_score(&r->task[i], r);
}

void replay_set_total(struct replay *r, s64 pages)
{
	size_t i;

	r->assumed = pages;
	for (i = 0; i < r->n; i++)
		update_score(&r->task[i], r);
}

long replay_choose(const struct replay *r)
{
	long chosen = REPLAY_NOBODY;
	bool origin = false;
	size_t i;

	for (i = 0; i < r->n; i++) {
		const struct replay_task *t = &r->task[i];

		switch (t->state) {
		case REPLAY_ABORTS:
			return REPLAY_ABORTED;
		case REPLAY_ORIGIN:
			origin = true;
			chosen = i;
			break;
		case REPLAY_ELIGIBLE:
			if (!origin && (chosen < 0 ||
					t->points >= r->task[chosen].points))
				chosen = i;
			break;
		case REPLAY_EXEMPT:
		case REPLAY_UNKNOWN:
			break;
		}
	}
	return chosen;
}

size_t replay_unknown(const struct replay *r)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->task[i].state == REPLAY_UNKNOWN;
	return n;
}

/* Points fall with oom_score_adj, so the first value that works is the highest. */
bool replay_save(struct replay *r, size_t i)
{
	int adj;

	for (adj = r->task[i].adj; adj >= ADJ_MIN; adj--) {
		replay_set_adj(r, i, adj);
		if (replay_choose(r) != (long)i)
			return true;
	}
	return false;
}
