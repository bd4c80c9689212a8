// SPDX-License-Identifier: GPL-2.0
/*
 * Notices that an overcommit knob has changed, and leaves a mark record.
 *
 * The kernel tells nobody when a sysctl is written. So the values are compared
 * with those of last time when a decision is made by them. Of several CPUs that
 * notice at once, one writes the mark. Called by commit.c's handlers only.
 */
#include <linux/atomic.h>

#include "commit/sysctl.h"
#include "common/fields.h"
#include "ring/ring.h"
#include "hook/symbols.h"

struct oomtrace_sysctls oomtrace_sysctl_seen;

/* The same again, in a form that tells who was first to see a change. */
static atomic64_t last_seen[OOMTRACE_KNOBS];

static void read_sysctls(u64 now[OOMTRACE_KNOBS])
{
	struct oomtrace_sysctls *seen = &oomtrace_sysctl_seen;

	now[OOMTRACE_KNOB_MEMORY] = READ_ONCE(*oomtrace_sym.overcommit_memory);
	now[OOMTRACE_KNOB_RATIO] = READ_ONCE(*oomtrace_sym.overcommit_ratio);
	now[OOMTRACE_KNOB_KBYTES] = READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	now[OOMTRACE_KNOB_ADMIN_RESERVE] =
		READ_ONCE(*oomtrace_sym.admin_reserve_kbytes);
	now[OOMTRACE_KNOB_USER_RESERVE] =
		READ_ONCE(*oomtrace_sym.user_reserve_kbytes);

	WRITE_ONCE(seen->memory, now[OOMTRACE_KNOB_MEMORY]);
	WRITE_ONCE(seen->ratio, now[OOMTRACE_KNOB_RATIO]);
	WRITE_ONCE(seen->kbytes, now[OOMTRACE_KNOB_KBYTES]);
	WRITE_ONCE(seen->admin_reserve, now[OOMTRACE_KNOB_ADMIN_RESERVE]);
	WRITE_ONCE(seen->user_reserve, now[OOMTRACE_KNOB_USER_RESERVE]);
}

static void record_mark(int knob, u64 old, u64 new)
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
 * oomtrace_sysctl_init() - take the values of load time as the first ones
 */
void oomtrace_sysctl_init(void)
{
	u64 now[OOMTRACE_KNOBS];
	int knob;

	read_sysctls(now);
	for (knob = 0; knob < OOMTRACE_KNOBS; knob++)
		atomic64_set(&last_seen[knob], now[knob]);
}

/**
 * oomtrace_sysctl_look() - leave a mark for every knob that has changed
 *
 * In a handler, preemption off, outside any other write to the commit ring.
 */
void oomtrace_sysctl_look(void)
{
	u64 now[OOMTRACE_KNOBS];
	int knob;

	read_sysctls(now);
	for (knob = 0; knob < OOMTRACE_KNOBS; knob++) {
		s64 old = atomic64_read(&last_seen[knob]);

		if (old != now[knob] &&
		    atomic64_cmpxchg(&last_seen[knob], old, now[knob]) == old)
			record_mark(knob, old, now[knob]);
	}
}
