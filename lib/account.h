/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counts of the records that a handle returned, lost or never saw.
 */
#ifndef OOMTRACE_ACCOUNT_H
#define OOMTRACE_ACCOUNT_H

#include <stdbool.h>

#include "../common/shim.h"
#include "../include/oomtrace.h"
#include "handle.h"

/* The number of rings that header.flags can name; this ABI has fewer. */
#define RING_IDS	(OOMTRACE_FLAG_RING + 1)

/**
 * struct tally - counts of one ring on one CPU
 * @received: records returned to the caller.
 * @lost: records that lost records stand for.
 * @missing: record numbers that are absent from the stream.
 * @next: expected number of the next record; 0 if unknown.
 */
struct tally {
	u64 received;
	u64 lost;
	u64 missing;
	u64 next;
};

/**
 * account_prepare() - allocate the counters of CPUs 0 to @cpus - 1
 *
 * Return: false if memory is out, with nothing changed.
 */
bool account_prepare(struct oomtrace *ot, unsigned int cpus);

/* The counters of one ring on one CPU, below @ot->cpus. */
static inline struct tally *account_tally(const struct oomtrace *ot, unsigned int cpu,
					  unsigned int ring)
{
	return &ot->tallies[(size_t)cpu * RING_IDS + ring];
}

/**
 * account_add() - count a record that is about to be returned
 *
 * Return: false if memory is out, with nothing counted.
 */
bool account_add(struct oomtrace *ot, const struct oomtrace_header *rec);

/** account_moved() - the position changed, so a gap in the numbers is no loss */
void account_moved(struct oomtrace *ot);

/** account_clear() - reset all counts to 0 and free the counters */
void account_clear(struct oomtrace *ot);

#endif /* OOMTRACE_ACCOUNT_H */
