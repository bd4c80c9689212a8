/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call of __vm_enough_memory(), and what becomes of it when the answer is known:
 * it is counted and, if chosen, recorded.
 */
#ifndef OOMTRACE_COMMIT_H
#define OOMTRACE_COMMIT_H

#include <linux/types.h>

#include "stats.h"

struct mm_struct;

/**
 * struct oomtrace_commit_call - one call of __vm_enough_memory()
 * @mm: the mm that is asked about; may be NULL.
 * @pages: pages asked for.
 * @committed: what the counter will be after the charge, if nobody interferes;
 *	mode 2 only.
 * @local: what this CPU will hold back of it then.
 * @total_vm: @mm's total_vm at entry.
 * @cap_sys_admin: the function's third argument.
 * @mode: the mode at entry.
 */
struct oomtrace_commit_call {
	struct mm_struct *mm;
	long pages;
	s64 committed;
	s64 local;
	unsigned long total_vm;
	long cap_sys_admin;
	long mode;
};

void oomtrace_commit_init(void);
void oomtrace_commit_answer(const struct oomtrace_commit_call *call, int ret);

/* A decision is counted. */
static __always_inline void oomtrace_commit_count(int mode, bool denied)
{
	this_cpu_inc(oomtrace_stats.decisions[mode & 3][denied]);
}

#endif /* OOMTRACE_COMMIT_H */
