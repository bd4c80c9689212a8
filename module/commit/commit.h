/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call of __vm_enough_memory(). When its answer is known, the decision is
 * counted and, if it is chosen, recorded.
 */
#ifndef OOMTRACE_COMMIT_H
#define OOMTRACE_COMMIT_H

#include <linux/types.h>

#include "stats.h"

struct mm_struct;

/**
 * struct oomtrace_commit_call - one call of __vm_enough_memory()
 * @mm: the mm that gets the address space; may be NULL.
 * @pages: size of the request, pages.
 * @committed: predicted shared part of the counter after the charge, pages, if
 *	no other CPU changes it; mode 2 only.
 * @local: predicted part of the counter that stays on this CPU, pages.
 * @total_vm: @mm's total_vm at entry, pages.
 * @cap_sys_admin: the function's third argument.
 * @mode: vm.overcommit_memory at entry.
 * @fault: enum oomtrace_origin if the request comes from a page fault of user space,
 *	else 0.
 * @at_entry: the answer is predicted at entry.
 * @caller: the address that the function has returned to; 0 at entry.
 * @allowed: what mode 2 compares the counter with, by the numbers at entry, pages;
 *	0 if it was not computed.
 */
struct oomtrace_commit_call {
	struct mm_struct *mm;
	long pages;
	s64 committed;
	s64 local;
	unsigned long total_vm;
	long cap_sys_admin;
	int mode;
	u8 fault;
	bool at_entry;
	unsigned long caller;
	s64 allowed;
};

void oomtrace_commit_init(void);
void oomtrace_commit_record_grant(unsigned long mm, long pages,
				  unsigned long cap_sys_admin, int mode);
bool oomtrace_commit_has_terms(int mode);
void oomtrace_commit_predict(struct oomtrace_commit_call *call);
void oomtrace_commit_answer(struct oomtrace_commit_call *call, int ret,
			    unsigned long caller);

static __always_inline void oomtrace_commit_count(int mode, bool denied)
{
	this_cpu_inc(oomtrace_stats.decisions[mode & 3][denied]);
}

#endif /* OOMTRACE_COMMIT_H */
