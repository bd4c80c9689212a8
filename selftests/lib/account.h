/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accounts of the records that a reader received and lost, by ring and CPU; and
 * writers whose records show when they are torn.
 */
#ifndef SELFTESTS_ACCOUNT_H
#define SELFTESTS_ACCOUNT_H

#include "lib.h"

#define CPUS	64

/* One ring on one CPU, as one reader sees it. */
struct account {
	unsigned long long got;
	unsigned long long lost;
	unsigned long long last;	/* number of the newest record the reader knows of */
	int wrong;			/* gaps that no lost record explains */
	int torn;			/* records mixed from two */
};

struct accounts {
	struct account of[OOMTRACE_RINGS][CPUS];
};

/*
 * Account for the next record of a reader that began at record 1 of each ring.
 */
void account_record(struct accounts *t, const union record *r);
void account_records(struct accounts *t, const struct records *recs);
/*
 * The same for a line of text. Lines have no number: @last is the time of the
 * last line, in microseconds. An earlier time counts as wrong; a text that is
 * not a line aborts.
 */
void account_line(struct accounts *t, const char *line);
/* Sums over all CPUs. */
unsigned long long account_lost(const struct accounts *t, int ring);
unsigned long long account_got(const struct accounts *t, int ring);

/* A writer that requests 10000 + @index pages @times times. */
struct flooder {
	int index;
	int times;
};

int flood(void *flooder);
/* The same with one page per request, as fast as possible. */
int flood_fast(void *flooder);
/* The same, but the comm at the start of each record repeats its total_vm. */
int flood_verifiable(void *flooder);

#endif /* SELFTESTS_ACCOUNT_H */
