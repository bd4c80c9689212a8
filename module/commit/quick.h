/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The quick way for a commit decision: requests that are granted for certain and
 * leave no record only need to be counted.
 */
#ifndef OOMTRACE_QUICK_H
#define OOMTRACE_QUICK_H

#include <linux/bitops.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/percpu.h>

#include "stats.h"

/**
 * struct oomtrace_quick - which requests may take the quick way
 * @mode: address of vm.overcommit_memory.
 * @below: by mode: the address of a number of pages. A request of fewer pages is
 *	granted and leaves no record. The number is 0 if that is never certain.
 * @followed: the mode that the hooks are set up for; -1: a change of the mode has
 *	been noticed, and not been followed yet.
 *
 * In mode 0 the number is the kernel's own count of RAM. A copy would be too
 * large after memory was unplugged, or given back to a hypervisor.
 *
 * One cache line, for handlers on all CPUs. Use READ_ONCE().
 */
struct oomtrace_quick {
	const int *mode;
	const unsigned long *below[OOMTRACE_MODE_UNKNOWN + 1];
	int followed;
} ____cacheline_aligned;

extern struct oomtrace_quick oomtrace_quick;

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
	/* The mask only keeps a mode that the kernel does not have in bounds. */
	unsigned long mode = READ_ONCE(*oomtrace_quick.mode) &
			     OOMTRACE_MODE_UNKNOWN;

	/* A plain load, which the comparison does by itself. */
	if (unlikely(pages >= data_race(*READ_ONCE(oomtrace_quick.below[mode]))))
		return false;
	/* fls64(pages), in fewer instructions. */
	this_cpu_inc(oomtrace_stats.quick[__fls(2 * pages + 1)][mode]);
	return true;
}

/**
 * enum oomtrace_detour - what keeps all requests from the quick way
 * @OOMTRACE_DETOUR_RECORDS: grants are recorded.
 * @OOMTRACE_DETOUR_RETURN: the return probe handles the calls.
 */
enum oomtrace_detour {
	OOMTRACE_DETOUR_RECORDS,
	OOMTRACE_DETOUR_RETURN,
};

void oomtrace_quick_init(void);
void oomtrace_quick_close(void);
void oomtrace_quick_detour(enum oomtrace_detour why, bool on);
void oomtrace_quick_follow(const int *seen);

#endif /* OOMTRACE_QUICK_H */
