/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting what a reader got and lost, by ring and CPU, and writers whose records
 * tell whether they are torn: for the tests of floods (tally.c).
 */
#ifndef SELFTESTS_ACCOUNT_H
#define SELFTESTS_ACCOUNT_H

#include "lib.h"

#define CPUS	64

/* What a reader got and lost of one ring on one CPU. */
struct account {
	unsigned long long got;
	unsigned long long lost;
	unsigned long long last;	/* number of the last one it knows of */
	int wrong;			/* gaps that no lost record explains */
	int torn;			/* records put together from two */
};

struct accounts {
	struct account of[OOMTRACE_RINGS][CPUS];
};

/* The next record of a reader that stood at number 1 of each ring. */
void account_record(struct accounts *t, const union record *r);
void account_records(struct accounts *t, const struct records *recs);
/*
 * The same for a line of text, which has no number: @last is its time then, in
 * microseconds, and a line older than that, or no line at all, is wrong.
 */
void account_line(struct accounts *t, const char *line);
/* Sums over all CPUs. */
unsigned long long account_lost(const struct accounts *t, int ring);
unsigned long long account_got(const struct accounts *t, int ring);

/* A writer: asks for 10000 + index pages that many times. */
struct flooder {
	int index;
	int times;
};

int flood(void *flooder);
/* The same with a page each, as fast as can be. */
int flood_fast(void *flooder);
/* The same; the record's start, its name, says what is near its end. */
int flood_verifiable(void *flooder);

#endif /* SELFTESTS_ACCOUNT_H */
