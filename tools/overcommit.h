/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Computes which of the recorded commit decisions overcommit mode 2 would have
 * refused with a given limit.
 *
 * A decision's record has all terms but one: in modes 0 and 1 the kernel does not
 * read the counter of committed memory. The samples of /proc/meminfo have that
 * counter. Between two samples, the grants are recorded, and the difference of
 * the samples gives the sum of what was released. So for each decision the counter
 * has a lowest, a highest and an estimated value. A decision of mode 2 has the
 * exact value.
 *
 * How programs would have continued after a refusal is unknown, so the number of
 * refusals is a range:
 *  - most: uses the highest counter. Programs that continue as they did cannot be
 *    refused more often.
 *  - least: uses the lowest counter, minus everything that may have been refused
 *    before.
 *  - guess: uses the estimated counter, minus what was refused before. Released
 *    pages reduce that in proportion, as if each committed page were equally
 *    likely to be released.
 *
 * Pure functions over records.
 */
#ifndef OOMTRACE_OVERCOMMIT_H
#define OOMTRACE_OVERCOMMIT_H

#include <stdbool.h>

#include "records.h"

/**
 * struct decision - one commit decision with the committed memory
 * @rec: record of the decision.
 * @lowest: lowest possible counter, with this request, pages.
 * @guess: estimated counter, pages.
 * @highest: highest possible counter, pages.
 * @kept: fraction of the memory committed at the previous decision that is still
 *	committed, 0 to 1.
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
 * @decision: the decisions in the order of time.
 * @n: number of decisions.
 * @unplaced: decisions left out because they are not between two samples.
 * @incomplete: decisions left out because a term is absent.
 * @samples: number of samples.
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
 * @by_kbytes: @value is vm.overcommit_kbytes, else vm.overcommit_ratio.
 * @value: KiB or percent.
 */
struct limit {
	bool by_kbytes;
	s64 value;
};

/**
 * struct refusals - what a limit would have refused
 * @least: lowest possible number of refusals.
 * @guess: probable number of refusals.
 * @most: highest possible number of refusals.
 * @pages: pages of the probable refusals.
 * @first: the first probable refusal, or NULL.
 * @refused: for each decision of the history, whether it is a probable refusal.
 */
struct refusals {
	size_t least;
	size_t guess;
	size_t most;
	u64 pages;
	const struct decision *first;
	bool *refused;
};

/** history_init() - collect the decisions of @recs, which must outlive @h */
void history_init(struct history *h, const struct records *recs);

/** history_free() - free the decisions */
void history_free(struct history *h);

/** limit_pages() - vm_commit_limit() with the RAM and swap of a decision */
s64 limit_pages(const struct limit *l, const struct oomtrace_commit *rec,
		unsigned int page_size);

/** judge() - compute what a limit would have refused; free @out->refused */
void judge(const struct history *h, const struct limit *l,
	   struct refusals *out);

/**
 * smallest_ratio() - find the smallest vm.overcommit_ratio without refusals
 * @h: the decisions.
 * @sure: use the highest possible counter, else the estimated one.
 *
 * Return: percent, which may be above 100; -1 if there is none.
 */
s64 smallest_ratio(const struct history *h, bool sure);

#endif /* OOMTRACE_OVERCOMMIT_H */
