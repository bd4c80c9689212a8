/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counting what a reader got and lost, by ring and CPU, and writers whose records
 * tell whether they are torn: for the tests of floods (tally.c).
 */
#ifndef SELFTESTS_TALLY_H
#define SELFTESTS_TALLY_H

#include "lib.h"

#define CPUS	64

/* What a reader got and lost of one ring on one CPU. */
struct tally {
	unsigned long long got;
	unsigned long long lost;
	unsigned long long last;	/* number of the last one it knows of */
	int wrong;			/* gaps that no lost record explains */
	int torn;			/* records put together from two */
};

struct tallies {
	struct tally of[OOMTRACE_RINGS][CPUS];
};

/* The next record of a reader that stood at number 1 of each ring. */
void tally_record(struct tallies *t, const union record *r);
void tally_records(struct tallies *t, const struct records *recs);
/*
 * The same for a line of text, which has no number: @last is its time then, in
 * microseconds, and a line older than that, or no line at all, is wrong.
 */
void tally_line(struct tallies *t, const char *line);
/* Sums over all CPUs. */
unsigned long long tally_lost(const struct tallies *t, int ring);
unsigned long long tally_got(const struct tallies *t, int ring);

/* A writer: asks for 10000 + index pages that many times. */
struct flooder {
	int index;
	int times;
};

int flood(void *flooder);
/* The same with a page each, as fast as can be. */
int flood_fast(void *flooder);
/* The same; the record's start, its name, says what is near its end. */
int flood_telling(void *flooder);

#endif /* SELFTESTS_TALLY_H */
