/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The choice of commit decisions to record: commit_records, near_percent and the
 * filter. All decisions are counted, whatever the choice.
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

/* The decisions to record: enum oomtrace_commit_records. */
extern unsigned int oomtrace_commit_records;
/* A near miss is a grant in mode 2 that leaves less than this % of allowed. */
extern unsigned int oomtrace_near_percent;
/* NULL: every decision passes. Read under rcu_read_lock() or preemption off. */
extern struct oomtrace_filter __rcu *oomtrace_filter;

bool oomtrace_filter_match(const struct oomtrace_filter *f, long pages,
			   int mode, bool denied);

/* Check a decision on a request of current; @ret: 0 if granted. Preemption off. */
static __always_inline bool oomtrace_filter_passes(long pages, int mode, int ret)
{
	/* true: preemption off suffices, which lockdep cannot always check. */
	const struct oomtrace_filter *f =
		rcu_dereference_check(oomtrace_filter, true);

	return likely(!f) || oomtrace_filter_match(f, pages, mode, ret);
}

/* Check whether a grant is recorded: all are chosen, and this one passes. */
static __always_inline bool oomtrace_records_grant(long pages, int mode)
{
	return READ_ONCE(oomtrace_commit_records) == OOMTRACE_RECORD_ALL &&
	       oomtrace_filter_passes(pages, mode, 0);
}

/* Check whether a grant in mode 2 is a near miss. Arguments in pages. */
static __always_inline bool oomtrace_is_near(s64 allowed, s64 committed)
{
	unsigned int percent = READ_ONCE(oomtrace_near_percent);

	return percent && allowed > 0 &&
	       allowed - committed < allowed / 100 * percent;
}

s64 oomtrace_near_allowed(void);

void oomtrace_commit_records_choose(enum oomtrace_commit_records what);
int oomtrace_commit_records_set(const char *name);
const char *oomtrace_commit_records_name(void);
int oomtrace_near_percent_set(const char *text);

int oomtrace_filter_set(const struct oomtrace_filter *f);
int oomtrace_filter_parse(char *text, struct oomtrace_filter *f);
void oomtrace_filter_get(struct oomtrace_filter *f);
size_t oomtrace_filter_print(char *buf, size_t size);
void oomtrace_filter_exit(void);

#endif /* OOMTRACE_CHOICE_H */
