// SPDX-License-Identifier: GPL-2.0
/*
 * The trace events: made here, and emitted where a record is published
 * (oomtrace_ring_publish()).
 *
 * So an event is a record that was written, no more and no less: the filter and
 * commit_records decide about both, and a write that was refused has neither.
 * It happens in the writer's context, a probe's handler with preemption off:
 * the kernel's tracers take that, their own events come from everywhere. A
 * probe that somebody has put on a function which they call is missed there,
 * and counted, as in any handler.
 *
 * While nobody listens all of this is one nop in the writers' path; a key of
 * our own and not the five of the events, so that it is one.
 */
#include <linux/jump_label.h>

#include "ring/events.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(oomtrace_events_key);

/**
 * oomtrace_events_on() - somebody starts to listen to an event
 *
 * Called by the tracepoint's registration, which may sleep.
 *
 * Return: 0.
 */
int oomtrace_events_on(void)
{
	static_branch_inc(&oomtrace_events_key);
	return 0;
}

/**
 * oomtrace_events_off() - the last one who listened to an event has left
 */
void oomtrace_events_off(void)
{
	static_branch_dec(&oomtrace_events_key);
}

/**
 * oomtrace_event() - emit the event of a record, if its type has one
 * @rec: the record, published and still in its slot, which this CPU alone can
 *	overwrite; preemption is off.
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
