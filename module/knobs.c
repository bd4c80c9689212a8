// SPDX-License-Identifier: GPL-2.0
/*
 * Notices that an overcommit knob has changed, and leaves a mark record.
 *
 * The kernel tells nobody when a sysctl is written. So the values are compared
 * with those of last time when a decision is made by them. Of several CPUs that
 * notice at once, one writes the mark. Called by commit.c's handlers only.
 */
#include <linux/atomic.h>

#include "knobs.h"
#include "oomtrace.h"
#include "ring.h"
#include "symbols.h"

int oomtrace_knobs_mode;
static atomic64_t last[OOMTRACE_KNOBS];

static u64 value_of(int knob)
{
	switch (knob) {
	case OOMTRACE_KNOB_MEMORY:
		return READ_ONCE(*oomtrace_sym.overcommit_memory);
	case OOMTRACE_KNOB_RATIO:
		return READ_ONCE(*oomtrace_sym.overcommit_ratio);
	case OOMTRACE_KNOB_KBYTES:
		return READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	case OOMTRACE_KNOB_ADMIN_RESERVE:
		return READ_ONCE(*oomtrace_sym.admin_reserve_kbytes);
	default:
		return READ_ONCE(*oomtrace_sym.user_reserve_kbytes);
	}
}

static void mark(int knob, u64 old, u64 new)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_mark *rec;

	rec = oomtrace_ring_reserve(ring, OOMTRACE_MARK, sizeof(*rec));
	if (!rec)
		return;
	rec->h.valid = OOMTRACE_ALL(mark);
	rec->h.derived = 0;
	rec->old = old;
	rec->new = new;
	rec->pid = current->pid;
	rec->knob = knob;
	memset(rec->reserved, 0, sizeof(rec->reserved));
	oomtrace_ring_publish(ring, &rec->h);
}

/**
 * oomtrace_knobs_init() - take the values of load time as the first ones
 */
void oomtrace_knobs_init(void)
{
	int knob;

	for (knob = 0; knob < OOMTRACE_KNOBS; knob++)
		atomic64_set(&last[knob], value_of(knob));
	oomtrace_knobs_mode = value_of(OOMTRACE_KNOB_MEMORY);
}

/**
 * oomtrace_knobs_look() - leave a mark for every knob that has changed
 *
 * In a handler, preemption off, outside any other write to the commit ring.
 */
void oomtrace_knobs_look(void)
{
	int knob;

	WRITE_ONCE(oomtrace_knobs_mode, value_of(OOMTRACE_KNOB_MEMORY));
	for (knob = 0; knob < OOMTRACE_KNOBS; knob++) {
		s64 old = atomic64_read(&last[knob]);
		s64 new = value_of(knob);

		if (unlikely(old != new) &&
		    atomic64_cmpxchg(&last[knob], old, new) == old)
			mark(knob, old, new);
	}
}
