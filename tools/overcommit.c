// SPDX-License-Identifier: GPL-2.0
/*
 * Computes what overcommit mode 2 would have refused.
 */
#include <stdlib.h>

#include "../common/format.h"
#include "overcommit.h"

#define B(field)	OOMTRACE_BIT_commit_##field

/* Highest ratio that is tried, in percent: 100 times the RAM. */
#define RATIO_MAX	10000

/* ---- the history ---- */

/* A decision or a sample, to be sorted by time. */
struct event {
	u64 ts_ns;
	size_t order;			/* order of reading, for equal times */
	const struct oomtrace_header *rec;
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static bool is_complete(const struct oomtrace_commit *c)
{
	static const u8 needed[] = {
		B(ret), B(pages), B(cap_sys_admin), B(totalram), B(total_swap),
		B(hugetlb), B(admin_reserve), B(user_reserve),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(needed); i++)
		if (!oomtrace_field_valid(&c->h, needed[i]))
			return false;
	return true;
}

static bool is_sample(const struct oomtrace_header *rec)
{
	return rec->type == OOMTRACE_SAMPLE &&
	       oomtrace_field_valid(rec, OOMTRACE_BIT_sample_committed);
}

static s64 sampled_committed(const struct oomtrace_header *rec)
{
	return ((const struct oomtrace_sample *)rec)->committed;
}

/* The request in pages, limited so that sums with huge requests cannot overflow. */
static s64 requested_pages(const struct oomtrace_commit *c)
{
	const s64 absurd = 1LL << 50;

	if (c->pages > absurd)
		return absurd;
	return c->pages < -absurd ? -absurd : c->pages;
}

/* The pages that a decision added to the counter: 0 if it was refused. */
static s64 charged_pages(const struct oomtrace_commit *c)
{
	return c->ret ? 0 : requested_pages(c);
}

static void add_decision(struct history *h, const struct oomtrace_commit *c,
			 s64 lowest, s64 guess, s64 highest, double kept)
{
	struct decision *d = &h->decision[h->n++];

	d->rec = c;
	d->lowest = lowest > 0 ? lowest : 0;
	d->guess = guess > d->lowest ? guess : d->lowest;
	d->highest = highest > d->guess ? highest : d->guess;
	d->kept = kept;
	if (d->highest - d->lowest > h->width)
		h->width = d->highest - d->lowest;
}

/* True if the record has the kernel's own counter, which is so in mode 2. */
static bool has_committed(const struct oomtrace_header *rec)
{
	return oomtrace_field_valid(rec, B(committed)) &&
	       !oomtrace_field_derived(rec, B(committed));
}

/*
 * Add the decisions between two samples. Memory that was released between the
 * samples may have been released before or after all the decisions; the estimate
 * assumes that it was released evenly.
 */
static void add_between_samples(struct history *h, const struct event *e, size_t n,
				s64 before, s64 after)
{
	const struct oomtrace_commit *c;
	s64 granted = 0, given_back, so_far = 0, back;
	double share;
	size_t i;

	for (i = 0; i < n; i++)
		granted += charged_pages((const void *)e[i].rec);
	given_back = before + granted - after;
	/* A charge in progress can be in one sample and not in the other. */
	if (given_back < 0)
		given_back = 0;
	for (i = 0; i < n; i++) {
		c = (const void *)e[i].rec;
		so_far += requested_pages(c);
		share = (double)(i + 1) / (n + 1);
		back = share * given_back;
		if (has_committed(&c->h))
			add_decision(h, c, c->committed, c->committed,
				     c->committed, 1);
		else
			add_decision(h, c, before + so_far - given_back,
				     before + so_far - back, before + so_far,
				     1);
		if (before + granted > 0)
			h->decision[h->n - 1].kept =
				1 - (double)given_back / (before + granted) / n;
		so_far -= requested_pages(c) - charged_pages(c);
	}
}

/* Add decisions that are not between two samples: only those of mode 2. */
static void add_without_samples(struct history *h, const struct event *e, size_t n)
{
	const struct oomtrace_commit *c;
	size_t i;

	for (i = 0; i < n; i++) {
		c = (const void *)e[i].rec;
		if (has_committed(&c->h))
			add_decision(h, c, c->committed, c->committed,
				     c->committed, 1);
		else
			h->unplaced++;
	}
}

static size_t collect_events(struct history *h, const struct records *recs,
			     struct event *e)
{
	const struct oomtrace_header *rec;
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++) {
		rec = recs->rec[i];
		if (rec->type == OOMTRACE_COMMIT &&
		    !is_complete((const void *)rec)) {
			h->incomplete++;
			continue;
		}
		if (rec->type != OOMTRACE_COMMIT && !is_sample(rec))
			continue;
		h->samples += rec->type == OOMTRACE_SAMPLE;
		e[n].ts_ns = rec->ts_ns;
		e[n].order = i;
		e[n++].rec = rec;
	}
	qsort(e, n, sizeof(e[0]), by_time);
	return n;
}

void history_init(struct history *h, const struct records *recs)
{
	struct event *e = xcalloc(recs->n, sizeof(*e));
	const struct oomtrace_header *last = NULL;
	size_t i, n, start = 0;

	memset(h, 0, sizeof(*h));
	h->page_size = recs->facts.page_size;
	h->decision = xcalloc(recs->n, sizeof(h->decision[0]));
	n = collect_events(h, recs, e);
	for (i = 0; i <= n; i++) {
		if (i < n && e[i].rec->type == OOMTRACE_COMMIT)
			continue;
		if (last && i < n)
			add_between_samples(h, &e[start], i - start, sampled_committed(last),
					    sampled_committed(e[i].rec));
		else
			add_without_samples(h, &e[start], i - start);
		last = i < n ? e[i].rec : NULL;
		start = i + 1;
	}
	free(e);
}

void history_free(struct history *h)
{
	free(h->decision);
	memset(h, 0, sizeof(*h));
}

/* ---- the judgement ---- */

s64 limit_pages(const struct limit *l, const struct oomtrace_commit *rec,
		unsigned int page_size)
{
	s64 pages;

	if (l->by_kbytes && l->value)
		pages = l->value / (page_size / 1024);
	else
		pages = (rec->totalram - rec->hugetlb) *
			(l->by_kbytes ? rec->overcommit_ratio : l->value) / 100;
	return pages + rec->total_swap;
}

/* The reserves that the kernel subtracts from the limit for a request. */
static s64 reserves(const struct oomtrace_commit *rec)
{
	s64 user, off = 0;

	if (!rec->cap_sys_admin)
		off += rec->admin_reserve;
	if (oomtrace_field_valid(&rec->h, B(total_vm))) {
		user = rec->total_vm / 32;
		off += user < rec->user_reserve ? user : rec->user_reserve;
	}
	return off;
}

void judge(const struct history *h, const struct limit *l,
	   struct refusals *out)
{
	double refused_guess = 0;
	s64 allowed, refused_most = 0;
	size_t i;

	memset(out, 0, sizeof(*out));
	out->refused = xcalloc(h->n, sizeof(out->refused[0]));
	for (i = 0; i < h->n; i++) {
		const struct decision *d = &h->decision[i];

		allowed = limit_pages(l, d->rec, h->page_size) -
			  reserves(d->rec);
		refused_guess *= d->kept;
		if (d->lowest - refused_most >= allowed)
			out->least++;
		if (d->highest >= allowed) {
			out->most++;
			refused_most += charged_pages(d->rec);
		}
		if (d->guess - (s64)refused_guess < allowed)
			continue;
		out->guess++;
		/* A size that overflowed is negative. */
		if (d->rec->pages > 0)
			out->pages += requested_pages(d->rec);
		out->refused[i] = true;
		refused_guess += charged_pages(d->rec);
		if (!out->first)
			out->first = d;
	}
	/* The estimate must lie in the certain range. */
	if (out->guess < out->least)
		out->guess = out->least;
	if (out->guess > out->most)
		out->guess = out->most;
}

/* True if any decision is refused. Before the first refusal nothing is subtracted. */
static bool refuses_any(const struct history *h, s64 ratio, bool sure)
{
	struct limit l = { .value = ratio };
	size_t i;

	for (i = 0; i < h->n; i++) {
		const struct decision *d = &h->decision[i];

		if ((sure ? d->highest : d->guess) >=
		    limit_pages(&l, d->rec, h->page_size) - reserves(d->rec))
			return true;
	}
	return false;
}

s64 smallest_ratio(const struct history *h, bool sure)
{
	s64 low = 0, high = RATIO_MAX, mid;

	if (refuses_any(h, high, sure))
		return -1;
	while (low < high) {
		mid = (low + high) / 2;
		if (refuses_any(h, mid, sure))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}
