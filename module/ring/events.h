/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records as trace events: the part that writers of records need. It does not
 * define the events, which one source file alone may do.
 */
#ifndef OOMTRACE_EVENTS_H
#define OOMTRACE_EVENTS_H

#include <linux/jump_label.h>

#include "include/oomtrace.h"

/* On while any oomtrace:* event is enabled; a nop otherwise. */
DECLARE_STATIC_KEY_FALSE(oomtrace_events_key);

void oomtrace_event(const struct oomtrace_header *rec);

#endif /* OOMTRACE_EVENTS_H */
