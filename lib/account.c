// SPDX-License-Identifier: GPL-2.0
/*
 * Counts received, lost and missing records for each ring and CPU.
 *
 * Records are numbered per ring and CPU, and a lost record covers the numbers
 * that were overwritten. A number that is in neither was removed from the saved
 * stream. The counts come from the records themselves, so with saved records
 * they are only as reliable as the file.
 */
#include <stdlib.h>

#include "account.h"
#include "handle.h"

bool account_prepare(struct oomtrace *ot, unsigned int cpus)
{
	struct tally *t;

	if (cpus <= ot->cpus)
		return true;
	t = reallocarray(ot->tallies, (size_t)cpus * RING_IDS, sizeof(*t));
	if (!t)
		return false;
	memset(t + (size_t)ot->cpus * RING_IDS, 0,
	       (size_t)(cpus - ot->cpus) * RING_IDS * sizeof(*t));
	ot->tallies = t;
	ot->cpus = cpus;
	return true;
}

void account_clear(struct oomtrace *ot)
{
	free(ot->tallies);
	ot->tallies = NULL;
	ot->cpus = 0;
}

void account_moved(struct oomtrace *ot)
{
	size_t i;

	for (i = 0; i < (size_t)ot->cpus * RING_IDS; i++)
		ot->tallies[i].next = 0;
}

/* The number of records that a lost record stands for. */
static u64 lost_count(const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);

	return oomtrace_field_valid(rec, OOMTRACE_BIT_lost_count) ?
	       oomtrace_field_int(rec, &desc->fields[OOMTRACE_BIT_lost_count]) :
	       0;
}

static struct tally *tally_of(const struct oomtrace *ot, const struct oomtrace_header *rec)
{
	return account_tally(ot, rec->cpu, rec->flags & OOMTRACE_FLAG_RING);
}

/* The first record of a ring, a lost record, or a gap. */
static bool add_other(struct oomtrace *ot, const struct oomtrace_header *rec)
{
	struct tally *t;
	u64 lost;

	if (!account_prepare(ot, rec->cpu + 1U))
		return false;
	t = tally_of(ot, rec);
	/* The numbers step back where several streams were concatenated. */
	if (t->next && rec->seq > t->next)
		t->missing += rec->seq - t->next;
	if (rec->type == OOMTRACE_LOST) {
		lost = lost_count(rec);
		t->lost += lost;
		t->next = rec->seq + lost;
	} else {
		t->received++;
		t->next = rec->seq + 1;
	}
	return true;
}

bool account_add(struct oomtrace *ot, const struct oomtrace_header *rec)
{
	struct tally *t;

	/* A stack record carries the number of the record that follows it. */
	if (rec->type == OOMTRACE_STACK)
		return true;
	if (rec->type == OOMTRACE_LOST || rec->cpu >= ot->cpus)
		return add_other(ot, rec);
	t = tally_of(ot, rec);
	if (rec->seq != t->next)
		return add_other(ot, rec);
	t->received++;
	t->next++;
	return true;
}

static u64 sum_tallies(const struct oomtrace *ot, int ring, int cpu, size_t member)
{
	u64 total = 0;
	unsigned int c;
	int r;

	for (c = 0; c < ot->cpus; c++)
		for (r = 0; r < RING_IDS; r++)
			if ((cpu < 0 || c == (unsigned int)cpu) &&
			    (ring < 0 || r == ring))
				total += *(const u64 *)((const char *)
					 &ot->tallies[c * RING_IDS + r] + member);
	return total;
}

unsigned long long oomtrace_received(const struct oomtrace *ot, int ring,
				     int cpu)
{
	return sum_tallies(ot, ring, cpu, offsetof(struct tally, received));
}

unsigned long long oomtrace_lost(const struct oomtrace *ot, int ring, int cpu)
{
	return sum_tallies(ot, ring, cpu, offsetof(struct tally, lost));
}

unsigned long long oomtrace_missing(const struct oomtrace *ot, int ring,
				    int cpu)
{
	return sum_tallies(ot, ring, cpu, offsetof(struct tally, missing));
}
