/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The answer of oomtrace advise: advise.c finds it out, advise_print.c tells it.
 */
#ifndef OOMTRACE_ADVISE_PRINT_H
#define OOMTRACE_ADVISE_PRINT_H

#include "overcommit.h"

/**
 * struct whose - refusals of one command
 * @comm: its name.
 * @refused: how many, probably.
 */
struct whose {
	char comm[OOMTRACE_COMM_LEN];
	size_t refused;
};

/**
 * struct advice - what one limit would have done
 * @limit: the limit.
 * @pages: the same in pages, with the RAM and swap of the last decision.
 * @refusals: what would have been refused.
 * @whose: by command, the most first.
 * @nwhose: how many commands.
 */
struct advice {
	struct limit limit;
	s64 pages;
	struct refusals refusals;
	struct whose *whose;
	size_t nwhose;
};

/**
 * struct report - all of it
 * @history: what was judged.
 * @recs: where that came from.
 * @advice: one for each limit asked about.
 * @n: how many.
 * @smallest: smallest ratio with no probable refusal, -1 if none.
 * @smallest_sure: smallest with none for sure, if nobody behaves otherwise.
 */
struct report {
	const struct history *history;
	const struct records *recs;
	struct advice *advice;
	size_t n;
	s64 smallest;
	s64 smallest_sure;
};

/** advise_tell() - to a person, on standard output */
void advise_tell(const struct report *rep);

/** advise_json() - as one line of JSON, on standard output */
void advise_json(const struct report *rep);

#endif /* OOMTRACE_ADVISE_PRINT_H */
