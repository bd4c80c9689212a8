/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The account of the records that a handle gave out.
 */
#ifndef OOMTRACE_ACCOUNT_H
#define OOMTRACE_ACCOUNT_H

#include <stdbool.h>

#include "../common/shim.h"
#include "../include/oomtrace.h"

struct oomtrace;

/* As many rings as header.flags can name; this ABI has fewer. */
#define RING_IDS	(OOMTRACE_FLAG_RING + 1)

/**
 * struct tally - the account of one ring on one CPU
 * @received: records given out.
 * @lost: records told as lost.
 * @missing: numbers that were jumped over without a word.
 * @next: number that the next record should have; 0: not known.
 */
struct tally {
	u64 received;
	u64 lost;
	u64 missing;
	u64 next;
};

/**
 * account_prepare() - see to it that a number of CPUs can be counted for
 *
 * Return: false if memory is out; nothing changed then.
 */
bool account_prepare(struct oomtrace *ot, unsigned int cpus);

/**
 * account_add() - count a record that is about to be given out
 *
 * Return: false if memory is out; nothing was counted then.
 */
bool account_add(struct oomtrace *ot, const struct oomtrace_header *rec);

/** account_moved() - the position was changed: a jump is no loss */
void account_moved(struct oomtrace *ot);

/** account_clear() - start at 0 */
void account_clear(struct oomtrace *ot);

#endif /* OOMTRACE_ACCOUNT_H */
