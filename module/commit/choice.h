/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which commit decisions are recorded (filter.c). Counting is never filtered.
 */
#ifndef OOMTRACE_FILTER_H
#define OOMTRACE_FILTER_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "include/oomtrace.h"

/* NULL: everything passes. Read under rcu_read_lock() or preemption off. */
extern struct oomtrace_filter __rcu *oomtrace_filter;

bool oomtrace_filter_match(const struct oomtrace_filter *f, long pages,
			   int mode, bool denied);
/* Does the filter let a decision of current's be recorded? Preemption is off. */
static __always_inline bool oomtrace_filter_passes(long pages, int mode, int ret)
{
	/* Which RCU need not be told by name. */
	const struct oomtrace_filter *f =
		rcu_dereference_check(oomtrace_filter, true);

	return likely(!f) || oomtrace_filter_match(f, pages, mode, ret);
}

int oomtrace_filter_set(const struct oomtrace_filter *f);
int oomtrace_filter_parse(char *text, struct oomtrace_filter *f);
void oomtrace_filter_get(struct oomtrace_filter *f);
size_t oomtrace_filter_print(char *buf, size_t size);
void oomtrace_filter_exit(void);

#endif /* OOMTRACE_FILTER_H */
