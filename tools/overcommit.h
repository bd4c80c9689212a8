/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What overcommit mode 2 with a given limit would have refused of the commit
 * decisions that were recorded.
 *
 * Each decision's terms are in its record but one: in modes 0 and 1 the kernel
 * compares no counter, so how much was committed is not in them. It is known
 * at the samples that `oomtrace record` takes of /proc/meminfo, and between two
 * samples from both sides: what was granted since the first one is recorded;
 * what was given back is not, but its sum over the time between is the
 * difference. So each decision has a lowest and a highest value that the
 * counter can have had, and a guess between them. Decisions of mode 2 have
 * their own, exact.
 *
 * What a refused request would have changed later cannot be known either, so
 * the count of refusals is bounded:
 *  - most: the highest value of the counter, nothing taken off it: no program
 *    that goes on as it did can be refused more often;
 *  - least: the lowest, less all that may have been refused before;
 *  - guess: the guess, less what is refused on the way. That shrinks with every
 *    page given back, as if each committed page had the same chance.
 *
 * Pure functions over records.
 */
#ifndef OOMTRACE_OVERCOMMIT_H
#define OOMTRACE_OVERCOMMIT_H

#include <stdbool.h>

#include "records.h"

/**
 * struct decision - one commit decision, ready to be judged
 * @rec: its record.
 * @lowest: the least that can have been committed, with this request; pages.
 * @guess: what probably was.
 * @highest: the most.
 * @kept: part of what was committed at the last decision that is still there,
 *	0 to 1.
 */
struct decision {
	const struct oomtrace_commit *rec;
	s64 lowest;
	s64 guess;
	s64 highest;
	double kept;
};

/**
 * struct history - the decisions of a recording
 * @decision: in the order of time.
 * @n: how many.
 * @unplaced: decisions left out, since no sample lies on both sides of them.
 * @incomplete: decisions left out, since a term of the sum is absent.
 * @samples: samples.
 * @width: the largest difference between @highest and @lowest, pages.
 * @page_size: bytes of a page.
 */
struct history {
	struct decision *decision;
	size_t n;
	size_t unplaced;
	size_t incomplete;
	size_t samples;
	s64 width;
	unsigned int page_size;
};

/**
 * struct limit - a setting of mode 2
 * @by_kbytes: vm.overcommit_kbytes is set, and @value is it; else @value is
 *	vm.overcommit_ratio.
 * @value: kilobytes or percent.
 */
struct limit {
	bool by_kbytes;
	s64 value;
};

/**
 * struct refusals - what a limit would have refused
 * @least: at least so many.
 * @guess: probably so many.
 * @most: at most so many.
 * @pages: pages of the probable ones.
 * @first: the first probable one, or NULL.
 * @refused: for each decision of the history: a probable one.
 */
struct refusals {
	size_t least;
	size_t guess;
	size_t most;
	u64 pages;
	const struct decision *first;
	bool *refused;
};

/** history_init() - take the decisions out of records, which must outlive it */
void history_init(struct history *h, const struct records *recs);

/** history_free() - let go of them */
void history_free(struct history *h);

/** limit_pages() - vm_commit_limit() with the RAM and swap of a decision */
s64 limit_pages(const struct limit *l, const struct oomtrace_commit *rec,
		unsigned int page_size);

/** judge() - what a limit would have refused; free @out->refused */
void judge(const struct history *h, const struct limit *l,
	   struct refusals *out);

/**
 * smallest_ratio() - the smallest vm.overcommit_ratio with no refusals
 * @h: the decisions.
 * @sure: also at the highest the counter can have been; else at the guess.
 *
 * Return: percent, may be above 100; -1 if no ratio can do it.
 */
s64 smallest_ratio(const struct history *h, bool sure);

#endif /* OOMTRACE_OVERCOMMIT_H */
