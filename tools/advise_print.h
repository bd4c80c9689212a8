/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints the answer of oomtrace advise.
 */
#ifndef OOMTRACE_ADVISE_PRINT_H
#define OOMTRACE_ADVISE_PRINT_H

#include "overcommit.h"

/**
 * struct command_refusals - refusals of one command
 * @comm: name of the command.
 * @refused: probable number of refusals.
 */
struct command_refusals {
	char comm[OOMTRACE_COMM_LEN];
	size_t refused;
};

/**
 * struct advice - the effect of one limit
 * @limit: the limit.
 * @pages: the limit in pages, with the RAM and swap of the last decision.
 * @refusals: the refusals.
 * @commands: refusals by command, the largest number first.
 * @ncommands: number of commands in @commands.
 */
struct advice {
	struct limit limit;
	s64 pages;
	struct refusals refusals;
	struct command_refusals *commands;
	size_t ncommands;
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
