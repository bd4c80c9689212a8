/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records as trace events: what the writers of records see of it. The events
 * themselves are in trace.h, which only trace.c may include.
 */
#ifndef OOMTRACE_EVENTS_H
#define OOMTRACE_EVENTS_H

#include <linux/jump_label.h>

#include "include/oomtrace.h"

/* On while anybody listens to any event of ours; off, it is a nop. */
DECLARE_STATIC_KEY_FALSE(oomtrace_events_key);

void oomtrace_event(const struct oomtrace_header *rec);

#endif /* OOMTRACE_EVENTS_H */
