// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the records of an OOM for its page.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/format.h"
#include "clock.h"
#include "replay.h"
#include "report_facts.h"
#include "victim.h"

double report_bytes(const struct report *r, long long pages)
{
	return (double)pages * r->recs.facts.page_size;
}

bool report_memory(const struct report *r, const struct oomtrace_candidate *c,
		   s64 *pages)
{
	*pages = 0;
	return candidate_memory(c, r->recs.facts.page_size, report_limit(r), pages);
}

const char *report_owner(const struct report *r, unsigned long long cgroup_id,
			 char *label, size_t size)
{
	const char *path = cgroups_path(&r->cgroups, cgroup_id);

	*label = '\0';
	if (path)
		cgroups_describe(&r->cgroups, path, label, size);
	return label;
}

long long report_limit(const struct report *r)
{
	if (r->verdict && oomtrace_field_valid(&r->verdict->h, OOMTRACE_BIT_verdict_totalpages))
		return r->verdict->totalpages;
	return 0;
}

static bool has_points(const struct oomtrace_candidate *c)
{
	return oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_points) &&
	       c->verdict != OOMTRACE_EVAL_INELIGIBLE;
}

static const struct report *compared;

static int compare_candidates(const void *a, const void *b)
{
	const struct oomtrace_candidate *x = *(void * const *)a;
	const struct oomtrace_candidate *y = *(void * const *)b;
	s64 nx = x->points, ny = y->points;

	if (has_points(x) != has_points(y))
		return has_points(x) ? -1 : 1;
	if (!has_points(x)) {
		report_memory(compared, x, &nx);
		report_memory(compared, y, &ny);
	}
	if (nx != ny)
		return nx > ny ? -1 : 1;
	return x->index > y->index ? -1 : 1;
}

static void add_candidate(struct report *r, const struct oomtrace_candidate *c)
{
	if (oomtrace_field_valid(&c->h, OOMTRACE_BIT_candidate_reason) &&
	    c->reason == OOMTRACE_REASON_KTHREAD) {
		r->kthreads++;
		return;
	}
	r->candidates[r->ncandidates++] = c;
	r->eligible += has_points(c);
}

static void see_reap(struct report *r, const struct oomtrace_reap *p)
{
	bool freed = p->step == OOMTRACE_STEP_FINISH ||
		     (p->step == OOMTRACE_STEP_EXITED &&
		      oomtrace_field_valid(&p->h, OOMTRACE_BIT_reap_mm_users) &&
		      !p->mm_users);

	if (!r->freed_ns && freed && r->victim && p->pid == r->victim->pid &&
	    oomtrace_field_valid(&p->h, OOMTRACE_BIT_reap_since_kill_ns))
		r->freed_ns = p->since_kill_ns;
}

/* How far from the OOM a sample may be: a daemon keeps those of weeks. */
#define AROUND_NS	(3600 * NS_PER_S)

const struct oomtrace_sample *report_sample(const struct report *r, size_t i)
{
	const struct oomtrace_header *rec = r->recs.rec[i];

	if (rec->type != OOMTRACE_SAMPLE ||
	    (r->begin && llabs((s64)(rec->ts_ns - r->begin->h.ts_ns)) > AROUND_NS))
		return NULL;
	return (const void *)rec;
}

void report_collect(struct report *r)
{
	const struct oomtrace_victim **victims;
	const struct oomtrace_header *rec;
	size_t pos = 0, i;

	for (i = 0; i < r->recs.n; i++)
		cgroups_feed(&r->cgroups, r->recs.rec[i]);
	r->candidates = xcalloc(r->recs.n + 1, sizeof(*r->candidates));
	if (!r->episode)
		return;
	r->begin = records_first(&r->recs, r->episode, OOMTRACE_OOM_BEGIN);
	r->verdict = records_first(&r->recs, r->episode, OOMTRACE_VERDICT);
	victims = victim_list(&r->victims, &r->recs, r->episode);
	r->victim = victims[0];
	free(victims);
	r->account = records_first(&r->recs, r->episode, OOMTRACE_MEMCG);
	r->end = records_first(&r->recs, r->episode, OOMTRACE_OOM_END);
	while ((rec = records_next(&r->recs, r->episode, &pos))) {
		if (rec->type == OOMTRACE_CANDIDATE)
			add_candidate(r, (const void *)rec);
		else if (rec->type == OOMTRACE_REAP)
			see_reap(r, (const void *)rec);
	}
	/* An older module recorded each of them. */
	if (!r->kthreads && r->end &&
	    oomtrace_field_valid(&r->end->h, OOMTRACE_BIT_oom_end_exempt_kthread))
		r->kthreads = r->end->exempt_kthread;
	compared = r;
	qsort(r->candidates, r->ncandidates, sizeof(*r->candidates),
	      compare_candidates);
}
