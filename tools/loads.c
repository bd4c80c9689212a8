// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the load of the module that records are of, and merges them with those of
 * it that were read before. A record that two sources have is kept once.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "loads.h"
#include "options.h"

/* Clocks of two files of one boot differ by no more, unless they were set. */
#define SAME_CLOCK_NS	(10 * NS_PER_S)

static unsigned int ring_of(const struct oomtrace_header *rec)
{
	return rec->flags & OOMTRACE_FLAG_RING;
}

/* A record with its clock, for sorting. */
struct kept {
	struct oomtrace_header *rec;
	long long wall;
	bool device;
	size_t at;
};

static int order(unsigned long long x, unsigned long long y)
{
	return x < y ? -1 : x > y;
}

/* Order by time. What one CPU wrote at one time is in the order of writing. */
static int compare_records(const struct oomtrace_header *x,
			   const struct oomtrace_header *y)
{
	/* A stack has the number of the record that refers to it, and precedes it. */
	bool x_last = x->type != OOMTRACE_STACK, y_last = y->type != OOMTRACE_STACK;

	return order(x->ts_ns, y->ts_ns) ?: order(x->cpu, y->cpu) ?:
	       order(ring_of(x), ring_of(y)) ?: order(x->seq, y->seq) ?:
	       order(x_last, y_last) ?: order(x->type, y->type);
}

static int compare_kept(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	/*
	 * Of doubles the first one stays: one with a clock, and rather a file's,
	 * which knows the clock of that time.
	 */
	return compare_records(x->rec, y->rec) ?: order(!x->wall, !y->wall) ?:
	       order(x->device, y->device) ?: order(x->at, y->at);
}

/* Each reader is told of its own losses, which other sources may have. */
static bool is_of_reader(const struct oomtrace_header *rec)
{
	return rec->type == OOMTRACE_LOST;
}

/* Two copies of one record, from two sources. */
static bool is_double(const struct oomtrace_header *x,
		      const struct oomtrace_header *y)
{
	return !compare_records(x, y) && x->size == y->size &&
	       !memcmp(x, y, x->size);
}

void load_merge(struct load *l, struct records *recs, bool device)
{
	size_t n = l->recs.n + recs->n, i, kept = 0;
	struct kept *all = xcalloc(n, sizeof(*all));

	for (i = 0; i < n; i++) {
		bool old = i < l->recs.n;

		all[i].rec = old ? l->recs.rec[i] : recs->rec[i - l->recs.n];
		all[i].wall = old ? l->wall[i] : recs->facts.wall_offset_ns;
		all[i].device = old ? l->device[i] : device;
		all[i].at = i;
	}
	/* One source is in order, and has its records once. */
	if (l->recs.n && recs->n)
		qsort(all, n, sizeof(*all), compare_kept);
	free(l->recs.rec);
	free(recs->rec);
	l->recs.rec = xcalloc(n, sizeof(*l->recs.rec));
	l->wall = reallocarray(l->wall, n + 1, sizeof(*l->wall));
	l->device = reallocarray(l->device, n + 1, sizeof(*l->device));
	if (!l->wall || !l->device)
		exit(EXIT_RUNTIME);
	for (i = 0; i < n; i++) {
		if (l->sources && ((kept && is_double(l->recs.rec[kept - 1], all[i].rec)) ||
				   is_of_reader(all[i].rec))) {
			free(all[i].rec);
			continue;
		}
		l->recs.rec[kept] = all[i].rec;
		l->device[kept] = all[i].device;
		l->wall[kept++] = all[i].wall;
	}
	l->recs.n = kept;
	l->recs.room = n;
	if (!l->recs.facts_known || (l->live && !device))
		l->recs.facts = recs->facts;
	l->recs.facts_known |= recs->facts_known;
	free(all);
	recs->rec = NULL;
	recs->n = 0;
}

/* Do two lists of records in order of time have one in common? */
static bool share_record(const struct records *a, const struct records *b)
{
	size_t i = 0, k = 0;
	int which;

	while (i < a->n && k < b->n) {
		which = compare_records(a->rec[i], b->rec[k]);
		if (!is_of_reader(a->rec[i]) &&
		    a->rec[i]->type != OOMTRACE_SAMPLE &&
		    is_double(a->rec[i], b->rec[k]))
			return true;
		if (which <= 0)
			i++;
		else
			k++;
	}
	return false;
}

/*
 * Can @b's first record have followed, or preceded, those of @a? Numbers start
 * again at 1 when the module is loaded again.
 */
static bool are_in_sequence(const struct records *a, const struct records *b)
{
	const struct oomtrace_header *x, *y;
	size_t i, k;

	for (k = 0; k < b->n; k++) {
		y = b->rec[k];
		if (!y->seq || is_of_reader(y))
			continue;
		for (i = 0; i < a->n; i++) {
			x = a->rec[i];
			if (!x->seq || is_of_reader(x) || x->cpu != y->cpu ||
			    ring_of(x) != ring_of(y))
				continue;
			if (order(x->ts_ns, y->ts_ns) != order(x->seq, y->seq))
				return false;
		}
		return true;
	}
	return true;
}

static bool is_same_load(const struct load *l, const struct records *recs)
{
	const struct saved_header *x = &l->recs.facts, *y = &recs->facts;

	if (l->named && *y->boot && y->load)
		return !strcmp(x->boot, y->boot) && x->load == y->load;
	if (share_record(&l->recs, recs))
		return true;
	/* Files of before loads had names: one boot has one clock. */
	return x->wall_offset_ns && y->wall_offset_ns &&
	       !strcmp(x->node, y->node) &&
	       llabs(x->wall_offset_ns - y->wall_offset_ns) < SAME_CLOCK_NS &&
	       are_in_sequence(&l->recs, recs);
}

static size_t find_or_add_load(struct load **list, size_t *n, const struct records *recs)
{
	size_t i;

	for (i = 0; i < *n; i++)
		if (is_same_load(&(*list)[i], recs))
			return i;
	*list = reallocarray(*list, *n + 1, sizeof(**list));
	if (!*list)
		exit(EXIT_RUNTIME);
	memset(&(*list)[i], 0, sizeof((*list)[i]));
	++*n;
	return i;
}

size_t loads_add(struct load **list, size_t *n, struct records *recs, bool device)
{
	size_t at = find_or_add_load(list, n, recs);
	struct load *l = &(*list)[at];

	l->live |= device;
	load_merge(l, recs, device);
	/* A file of an older version of the same load may have come first, without names. */
	if (!l->named && *recs->facts.boot && recs->facts.load) {
		memcpy(l->recs.facts.boot, recs->facts.boot,
		       sizeof(l->recs.facts.boot));
		l->recs.facts.load = recs->facts.load;
		l->named = true;
	}
	l->sources++;
	return at;
}

bool load_is_here(const struct load *l)
{
	char host[sizeof(l->recs.facts.node)] = "";

	gethostname(host, sizeof(host) - 1);
	return l->live || (*host && !strcmp(host, l->recs.facts.node));
}
