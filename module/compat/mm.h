/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/mm.h and linux/mm_types.h for all supported kernels.
 */
#ifndef OOMTRACE_COMPAT_MM_H
#define OOMTRACE_COMPAT_MM_H

#include <linux/mm.h>
#include <linux/oom.h>
#include <linux/sched/coredump.h>
#include <linux/sched/task.h>

#include "has.h"

/*
 * An rss counter of an mm, pages, as this kernel's OOM killer reads it for the
 * score and for its report. Never negative. If the kernel computes an exact sum,
 * the time grows with the number of CPUs, here as in the OOM killer.
 */
static inline s64 oomtrace_mm_counter(struct mm_struct *mm, int member)
{
#if HAS_GET_MM_RSS_SUM
	return get_mm_counter_sum(mm, member);
#else
	return get_mm_counter(mm, member);
#endif
}

/* Does the kernel sum these counters over all CPUs? Then get_mm_counter() differs. */
#define OOMTRACE_MM_COUNTER_SUMS	HAS_GET_MM_RSS_SUM

/* Whether the OOM killer ignores this mm, since it expects no memory from it. */
static inline bool oomtrace_mm_oom_skip(struct mm_struct *mm)
{
#if HAS_MM_FLAGS_TEST
	return mm_flags_test(MMF_OOM_SKIP, mm);
#else
	return test_bit(MMF_OOM_SKIP, &mm->flags);
#endif
}

/* Set and clear flags of a mapping under construction. */
static inline void oomtrace_vm_flags_mod(struct vm_area_struct *vma,
					 unsigned long set, unsigned long clear)
{
#if HAS_VM_FLAGS_MOD
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

/*
 * task_lock() for a handler: never waits. With PREEMPT_RT the lock can sleep, so
 * even trylock is not allowed while preemption is off.
 */
static inline bool oomtrace_task_trylock(struct task_struct *task)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		return false;
	return spin_trylock(&task->alloc_lock);
}

#endif /* OOMTRACE_COMPAT_MM_H */
