/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which commit decisions are recorded: commit_records, near_percent and the
 * filter. All decisions are counted, whatever is chosen here.
 */
#ifndef OOMTRACE_CHOICE_H
#define OOMTRACE_CHOICE_H

#include <linux/compiler.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "include/oomtrace.h"

enum oomtrace_commit_records {
	OOMTRACE_RECORD_DENIED,
	OOMTRACE_RECORD_ALL,
	OOMTRACE_RECORD_NONE,
};

/* Which decisions are recorded: enum oomtrace_commit_records. */
extern unsigned int oomtrace_commit_records;
/* A grant in mode 2 that leaves less than this percentage is a near miss. */
extern unsigned int oomtrace_near_percent;
/* NULL: everything passes. Read under rcu_read_lock() or preemption off. */
extern struct oomtrace_filter __rcu *oomtrace_filter;

bool oomtrace_filter_match(const struct oomtrace_filter *f, long pages,
			   int mode, bool denied);

/* Does the filter let a decision of current pass? Preemption is off. */
static __always_inline bool oomtrace_filter_passes(long pages, int mode, int ret)
{
	/* true: preemption off is enough, but lockdep cannot see that. */
	const struct oomtrace_filter *f =
		rcu_dereference_check(oomtrace_filter, true);

	return likely(!f) || oomtrace_filter_match(f, pages, mode, ret);
}

/* Is every grant recorded that passes the filter? */
static __always_inline bool oomtrace_records_grant(long pages, int mode)
{
	return READ_ONCE(oomtrace_commit_records) == OOMTRACE_RECORD_ALL &&
	       oomtrace_filter_passes(pages, mode, 0);
}

/* Does a grant of mode 2 leave so little that it is a near miss? */
static __always_inline bool oomtrace_is_near(s64 allowed, s64 committed)
{
	unsigned int percent = READ_ONCE(oomtrace_near_percent);

	return percent && allowed > 0 &&
	       allowed - committed < allowed / 100 * percent;
}

bool oomtrace_near_allowed(u32 *left_out);

int oomtrace_commit_records_set(const char *name);
const char *oomtrace_commit_records_name(void);
int oomtrace_near_percent_set(const char *text);

int oomtrace_filter_set(const struct oomtrace_filter *f);
int oomtrace_filter_parse(char *text, struct oomtrace_filter *f);
void oomtrace_filter_get(struct oomtrace_filter *f);
size_t oomtrace_filter_print(char *buf, size_t size);
void oomtrace_filter_exit(void);

#endif /* OOMTRACE_CHOICE_H */
