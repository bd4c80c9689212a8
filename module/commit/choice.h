/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The choice of commit decisions to record: commit_records, near_percent and the
 * filter. All decisions are counted, whatever the choice.
 */
#ifndef OOMTRACE_CHOICE_H
#define OOMTRACE_CHOICE_H

#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "include/oomtrace.h"
#include "task.h"

enum oomtrace_commit_records {
	OOMTRACE_RECORD_DENIED,
	OOMTRACE_RECORD_ALL,
	OOMTRACE_RECORD_NONE,
};

/* The decisions to record: enum oomtrace_commit_records. */
extern unsigned int oomtrace_commit_records;
/* A near miss is a grant in mode 2 that leaves less than this % of allowed. */
extern unsigned int oomtrace_near_percent;

/* Check whether all decisions are chosen. */
static __always_inline bool oomtrace_records_all(void)
{
	return READ_ONCE(oomtrace_commit_records) == OOMTRACE_RECORD_ALL;
}

/* Words of a comm. */
#define OOMTRACE_COMM_WORDS	(OOMTRACE_COMM_LEN / sizeof(unsigned long))

/**
 * struct oomtrace_filter_in_use - the filter, as handlers read it
 * @f: the filter.
 * @comm: @f.comm in words.
 * @comm_mask: the bytes of @comm to compare: all up to its NUL; none if @f has no
 *	comm.
 */
struct oomtrace_filter_in_use {
	struct oomtrace_filter f;
	unsigned long comm[OOMTRACE_COMM_WORDS];
	unsigned long comm_mask[OOMTRACE_COMM_WORDS];
};

/* NULL: every decision passes. Read under rcu_read_lock() or preemption off. */
extern struct oomtrace_filter_in_use __rcu *oomtrace_filter;

/* Check current's comm, without a call. */
static __always_inline bool
oomtrace_filter_has_comm(const struct oomtrace_filter_in_use *filter)
{
	const unsigned long *comm = (const unsigned long *)current->comm;
	unsigned long differs = 0;
	unsigned int i;

	for (i = 0; i < OOMTRACE_COMM_WORDS; i++)
		differs |= (comm[i] ^ filter->comm[i]) & filter->comm_mask[i];
	return !differs;
}

/* Check a decision on a request of current; @ret: 0 if granted. Preemption off. */
static __always_inline bool oomtrace_filter_passes(long pages, unsigned long mode, int ret)
{
	/* true: preemption off suffices, which lockdep cannot always check. */
	const struct oomtrace_filter_in_use *filter =
		rcu_dereference_check(oomtrace_filter, true);
	const struct oomtrace_filter *f;
	u32 mask;

	if (likely(!filter))
		return true;
	if (!oomtrace_filter_has_comm(filter))
		return false;
	f = &filter->f;
	mask = f->mask;
	if (mask == OOMTRACE_FILTER_COMM)
		return true;
	if ((mask & OOMTRACE_FILTER_OUTCOME) && f->denied != !!ret)
		return false;
	/* Unsigned, as mode 0 compares: a size that overflowed is larger than any. */
	if ((mask & OOMTRACE_FILTER_MIN_PAGES) && f->min_pages > 0 &&
	    (unsigned long)pages < (unsigned long)f->min_pages)
		return false;
	if ((mask & OOMTRACE_FILTER_MODE) && mode != f->mode)
		return false;
	if ((mask & OOMTRACE_FILTER_PID) && current->pid != f->pid)
		return false;
	if ((mask & OOMTRACE_FILTER_TGID) && current->tgid != f->tgid)
		return false;
	if ((mask & OOMTRACE_FILTER_UID) &&
	    __kuid_val(current_uid()) != f->uid)
		return false;
	return !(mask & OOMTRACE_FILTER_CGROUP) ||
	       oomtrace_memcg_id(current) == f->cgroup_id;
}

/* Check whether a grant in mode 2 is a near miss. Pages; near_percent. */
static __always_inline bool oomtrace_is_near(s64 allowed, s64 committed,
					     unsigned int percent)
{
	return percent && allowed > 0 &&
	       allowed - committed < allowed / 100 * percent;
}

s64 oomtrace_near_allowed(void);

void oomtrace_commit_records_choose(enum oomtrace_commit_records what);
int oomtrace_commit_records_set(const char *name);
const char *oomtrace_commit_records_name(void);
void oomtrace_near_percent_choose(unsigned int percent);
int oomtrace_near_percent_set(const char *text);

int oomtrace_filter_set(const struct oomtrace_filter *f);
int oomtrace_filter_parse(char *text, struct oomtrace_filter *f);
void oomtrace_filter_get(struct oomtrace_filter *f);
size_t oomtrace_filter_print(char *buf, size_t size);
void oomtrace_filter_exit(void);

#endif /* OOMTRACE_CHOICE_H */
