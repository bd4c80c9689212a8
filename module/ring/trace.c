// SPDX-License-Identifier: GPL-2.0
/*
 * The trace events: defined here, and emitted when a record is published.
 *
 * So each event is a record that was written. The filter and commit_records
 * decide about both, and a rejected write has no event. An event is emitted in
 * the writer's context, a probe handler with preemption off, which the kernel's
 * tracers allow. If a tracer calls a function that has a kprobe, that kprobe
 * misses the call and counts it, as in any handler.
 *
 * While no event is enabled, all of this is one nop in the writer. That takes
 * one static key for all events instead of the key of each event.
 */
#include <linux/jump_label.h>

#include "ring/events.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(oomtrace_events_key);

/* A probe is registered for an event: called by the tracepoint, may sleep. */
int oomtrace_events_on(void)
{
	static_branch_inc(&oomtrace_events_key);
	return 0;
}

/* The last probe of an event is unregistered. */
void oomtrace_events_off(void)
{
	static_branch_dec(&oomtrace_events_key);
}

/**
 * oomtrace_event() - emit the event of a record, if its type has one
 * @rec: the published record in its slot. Preemption is off, so no later record
 *	overwrites the slot.
 */
void oomtrace_event(const struct oomtrace_header *rec)
{
	switch (rec->type) {
#define EMIT(TYPE, type)			\
	case OOMTRACE_##TYPE:			\
		trace_##type((const void *)rec);	\
		break;
	OOMTRACE_EVENTS(EMIT)
#undef EMIT
	}
}
