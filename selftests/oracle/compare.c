// SPDX-License-Identifier: GPL-2.0
/* Compares two accounts of the same decisions. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

/* Print this many differences; count all. */
#define PRINTED		20

/* How far ahead to search the other account for a decision. */
#define LOOK_AHEAD	256

static int by_task(const struct decision *a, const struct decision *b)
{
	if (a->tgid != b->tgid)
		return a->tgid < b->tgid ? -1 : 1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return 0;
}

static int by_task_and_order(const void *pa, const void *pb)
{
	const struct decision *a = pa, *b = pb;
	int diff = by_task(a, b);

	if (diff)
		return diff;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool is_same(const struct decision *a, const struct decision *b)
{
	return !by_task(a, b) && a->pages == b->pages && a->cap == b->cap &&
	       (a->ret == b->ret || a->ret_derived || b->ret_derived ||
		a->switching || b->switching) &&
	       a->uid == b->uid && a->has_mm == b->has_mm &&
	       !strncmp(a->comm, b->comm, sizeof(a->comm));
}

static size_t differences;

static void report_only(const char *who, const struct decision *d)
{
	if (differences++ < PRINTED)
		printf("# only %s has: tgid %d pid %d comm %.16s uid %u pages %lld cap %d mm %d ret %d (order %llu)\n",
		       who, d->tgid, d->pid, d->comm, d->uid, d->pages, d->cap,
		       d->has_mm, d->ret, d->order);
}

/* The number of decisions before the next one equal to @d. */
static size_t count_ahead(const struct account *a, size_t i, const struct decision *d)
{
	size_t n;

	for (n = 0; n < LOOK_AHEAD && i + n < a->n; n++)
		if (is_same(&a->d[i + n], d))
			return n;
	return LOOK_AHEAD;
}

/* The number of decisions left of the same task. */
static size_t count_remaining(const struct account *a, size_t i)
{
	size_t n = 1;

	while (i + n < a->n && !by_task(&a->d[i], &a->d[i + n]))
		n++;
	return n;
}

/* Was the mode switched while one of the two accounts saw the call? */
static bool is_across_a_switch(const struct decision *a, const struct decision *b)
{
	size_t settled = a->settled < b->settled ? a->settled : b->settled;

	return settled < a->begun || settled < b->begun;
}

/* The answers to one decision differ: count that where it belongs. */
static void count_answers(const struct account *a, const struct decision *da,
			  const struct account *b, const struct decision *db,
			  struct answers *differing)
{
	const char *why = "the mode was switched before or after this call";
	size_t *n = &differing->apart;

	if (da->ret_derived || db->ret_derived) {
		why = "a derived answer";
		n = &differing->derived;
	} else if (is_across_a_switch(da, db)) {
		why = "the mode was switched during this call";
		n = &differing->across;
	}
	if ((*n)++ < PRINTED)
		printf("# %s: pid %d pages %lld: %s has %d, %s has %d\n",
		       why, da->pid, da->pages, a->name, da->ret, b->name, db->ret);
}

size_t compare(struct account *a, struct account *b, struct answers *differing)
{
	size_t i = 0, j = 0;

	differences = 0;
	memset(differing, 0, sizeof(*differing));
	qsort(a->d, a->n, sizeof(*a->d), by_task_and_order);
	qsort(b->d, b->n, sizeof(*b->d), by_task_and_order);
	while (i < a->n && j < b->n) {
		size_t in_a, in_b;

		if (is_same(&a->d[i], &b->d[j])) {
			if (a->d[i].ret != b->d[j].ret)
				count_answers(a, &a->d[i], b, &b->d[j], differing);
			i++;
			j++;
			continue;
		}
		in_a = count_ahead(a, i, &b->d[j]);
		in_b = count_ahead(b, j, &a->d[i]);
		if (in_a == LOOK_AHEAD && in_b == LOOK_AHEAD) {
			report_only(a->name, &a->d[i++]);
			report_only(b->name, &b->d[j++]);
		} else if (in_a < in_b || (in_a == in_b &&
					   count_remaining(a, i) >= count_remaining(b, j))) {
			/* In doubt, the surplus is in the longer account. */
			report_only(a->name, &a->d[i++]);
		} else {
			report_only(b->name, &b->d[j++]);
		}
	}
	while (i < a->n)
		report_only(a->name, &a->d[i++]);
	while (j < b->n)
		report_only(b->name, &b->d[j++]);
	if (differences > PRINTED)
		printf("# and %zu more\n", differences - PRINTED);
	return differences;
}
