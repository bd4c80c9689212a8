// SPDX-License-Identifier: GPL-2.0
/*
 * Detects that an overcommit sysctl has changed, and writes a mark record.
 *
 * The kernel has no notification for a write to a sysctl. So each decision
 * compares the sysctls that it uses with their last known values. If several CPUs
 * detect a change at once, one of them writes the mark to the commit ring.
 */
#include <linux/atomic.h>
#include <linux/preempt.h>

#include "commit/quick.h"
#include "commit/sysctl.h"
#include "common/fields.h"
#include "ring/ring.h"
#include "hook/symbols.h"

struct oomtrace_sysctls oomtrace_sysctl_seen;

/* The same values; a cmpxchg decides which CPU writes the mark of a change. */
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

/* Start with the values at load, so that they cause no mark. */
void oomtrace_sysctl_init(void)
{
	u64 now[OOMTRACE_KNOBS];
	int knob;

	read_sysctls(now);
	for (knob = 0; knob < OOMTRACE_KNOBS; knob++)
		atomic64_set(&last_seen[knob], now[knob]);
}

/*
 * Write a mark for every sysctl that has changed. For handlers, with preemption
 * off and no other write to the commit ring in progress.
 */
void oomtrace_sysctl_record_changes(void)
{
	int knob, mode = READ_ONCE(oomtrace_sysctl_seen.memory);
	u64 now[OOMTRACE_KNOBS];

	read_sysctls(now);
	if (mode != now[OOMTRACE_KNOB_MEMORY])
		oomtrace_quick_close();
	for (knob = 0; knob < OOMTRACE_KNOBS; knob++) {
		s64 old = atomic64_read(&last_seen[knob]);

		if (old != now[knob] &&
		    atomic64_cmpxchg(&last_seen[knob], old, now[knob]) == old)
			record_mark(knob, old, now[knob]);
	}
}

/*
 * Write the marks of changes that were made while the hooks were off. For process
 * context, before the hooks are on again: a handler compares with the last known
 * mode, and would not detect a switch to the mode that was in force long ago.
 */
void oomtrace_sysctl_catch_up(void)
{
	preempt_disable();
	oomtrace_sysctl_record_changes();
	preempt_enable();
}
