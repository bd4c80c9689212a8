/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints the answer of oomtrace advise.
 */
#ifndef OOMTRACE_ADVISE_PRINT_H
#define OOMTRACE_ADVISE_PRINT_H

#include "overcommit.h"

/**
 * struct whose - refusals of one command
 * @comm: name of the command.
 * @refused: probable number of refusals.
 */
struct whose {
	char comm[OOMTRACE_COMM_LEN];
	size_t refused;
};

/**
 * struct advice - the effect of one limit
 * @limit: the limit.
 * @pages: the limit in pages, with the RAM and swap of the last decision.
 * @refusals: the refusals.
 * @whose: refusals by command, the largest number first.
 * @nwhose: number of commands in @whose.
 */
struct advice {
	struct limit limit;
	s64 pages;
	struct refusals refusals;
	struct whose *whose;
	size_t nwhose;
};

/**
 * struct report - the whole answer
 * @history: the decisions.
 * @recs: the records of the decisions.
 * @advice: one entry for each limit.
 * @n: number of entries in @advice.
 * @smallest: smallest ratio without a probable refusal, -1 if there is none.
 * @smallest_sure: smallest ratio that certainly has no refusal, if all programs
 *	behave the same; -1 if there is none.
 */
struct report {
	const struct history *history;
	const struct records *recs;
	struct advice *advice;
	size_t n;
	s64 smallest;
	s64 smallest_sure;
};

/** advise_text() - print the answer as text to standard output */
void advise_text(const struct report *rep);

/** advise_json() - print the answer as one line of JSON to standard output */
void advise_json(const struct report *rep);

#endif /* OOMTRACE_ADVISE_PRINT_H */
