/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The quick ways for a commit decision: requests that are granted for certain only
 * need to be counted, or to be counted and recorded.
 */
#ifndef OOMTRACE_QUICK_H
#define OOMTRACE_QUICK_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/percpu.h>

#include "stats.h"

#define OOMTRACE_MODES	(OOMTRACE_MODE_UNKNOWN + 1)

/**
 * struct oomtrace_quick - which requests may take a quick way
 * @mode: address of vm.overcommit_memory.
 * @below: by mode: the address of a number of pages. A request of fewer pages is
 *	granted and leaves no record. The number is 0 if that is never certain.
 * @followed: the mode that the hooks are set up for; -1: a change of the mode has
 *	been noticed, and not been followed yet.
 * @ample_mode: 2: the return probe handles all calls, a call far from the limit
 *	counts as granted at entry, and it leaves no record; else -1.
 *
 * In mode 0 the number is the kernel's own count of RAM. A copy would be too
 * large after memory was unplugged, or given back to a hypervisor.
 *
 * One cache line, for handlers on all CPUs. Use READ_ONCE().
 */
struct oomtrace_quick {
	const int *mode;
	const unsigned long *below[OOMTRACE_MODES];
	int followed;
	int ample_mode;
} ____cacheline_aligned;

extern struct oomtrace_quick oomtrace_quick;

/*
 * By mode: the same as @below, for requests that are granted and are recorded if
 * they pass the filter. Use READ_ONCE().
 */
extern const unsigned long *oomtrace_quick_record_below[OOMTRACE_MODES];

/* By mode: the same as @below, whether or not a quick way is open. */
extern const unsigned long * const oomtrace_granted_below[OOMTRACE_MODES];

/* Check whether a request is granted for certain. A few that are may give false. */
static __always_inline bool oomtrace_is_granted(int mode, unsigned long pages)
{
	/* A plain load, which the comparison does by itself. */
	return pages < data_race(*oomtrace_granted_below[mode & OOMTRACE_MODE_UNKNOWN]);
}

/* Count a grant in mode 0, 1 or 2; only in mode 2 may pages be negative. */
static __always_inline void oomtrace_quick_add(unsigned long mode, unsigned long pages)
{
	/* fls64(pages), in fewer instructions. */
	this_cpu_inc(oomtrace_stats.quick[__fls(2 * pages + 1)][mode]);
}

/* The mask only keeps a mode that the kernel does not have in bounds. */
static __always_inline unsigned long oomtrace_quick_mode(void)
{
	return READ_ONCE(*oomtrace_quick.mode) & OOMTRACE_MODE_UNKNOWN;
}

/**
 * oomtrace_quick_count() - count a request if it may take the quick way
 * @pages: size of the request, pages.
 *
 * For handlers. Preemption may be on: the mode and the number of pages are read
 * once each, and any CPU's counter will do.
 *
 * Return: true if the request is counted, and nothing else is to be done.
 */
static __always_inline bool oomtrace_quick_count(unsigned long pages)
{
	unsigned long mode = oomtrace_quick_mode();

	/* A plain load, which the comparison does by itself. */
	if (unlikely(pages >= data_race(*READ_ONCE(oomtrace_quick.below[mode]))))
		return false;
	oomtrace_quick_add(mode, pages);
	return true;
}

/* Check whether a grant far from the limit of mode 2 needs counting only. */
static __always_inline bool oomtrace_quick_is_ample(void)
{
	int mode = READ_ONCE(*oomtrace_quick.mode);

	/* A plain load, which the comparison does by itself. */
	return mode == data_race(oomtrace_quick.ample_mode);
}

/* Check whether a request is granted, and recorded if it passes the filter. */
static __always_inline bool oomtrace_quick_records(unsigned long mode,
						   unsigned long pages)
{
	/* A plain load, which the comparison does by itself. */
	return pages < data_race(*READ_ONCE(oomtrace_quick_record_below[mode]));
}

/**
 * enum oomtrace_quick_fact - what decides which quick way is open
 * @OOMTRACE_QUICK_RECORDS: grants are recorded.
 * @OOMTRACE_QUICK_NEAR: near misses are recorded.
 * @OOMTRACE_QUICK_NO_TERMS: a term of mode 2's sum cannot be read.
 * @OOMTRACE_QUICK_RETURN: the return probe handles calls on some CPUs.
 * @OOMTRACE_QUICK_RETURNS: the return probe handles all calls.
 * @OOMTRACE_QUICK_GAPS: a variable that a record has cannot be read.
 */
enum oomtrace_quick_fact {
	OOMTRACE_QUICK_RECORDS,
	OOMTRACE_QUICK_NEAR,
	OOMTRACE_QUICK_NO_TERMS,
	OOMTRACE_QUICK_RETURN,
	OOMTRACE_QUICK_RETURNS,
	OOMTRACE_QUICK_GAPS,
};

void oomtrace_quick_init(void);
void oomtrace_quick_close(void);
void oomtrace_quick_set(enum oomtrace_quick_fact fact, bool on);
void oomtrace_quick_follow(const int *seen);

#endif /* OOMTRACE_QUICK_H */
