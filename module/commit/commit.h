/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call of __vm_enough_memory(). When its answer is known, the decision is
 * counted and, if it is chosen, recorded.
 */
#ifndef OOMTRACE_COMMIT_H
#define OOMTRACE_COMMIT_H

#include <linux/types.h>

#include "commit/terms.h"
#include "stats.h"

void oomtrace_commit_init(void);
void oomtrace_commit_record_grant(unsigned long mm, long pages,
				  unsigned long cap_sys_admin, unsigned long mode);
void oomtrace_commit_record_any_grant(unsigned long mm, long pages,
				      unsigned long cap_sys_admin, unsigned long mode);
bool oomtrace_commit_has_terms(int mode);
void oomtrace_commit_predict(const struct oomtrace_commit_call *call);
void oomtrace_commit_answer(struct oomtrace_commit_call *call, int ret,
			    struct pt_regs *regs);

static __always_inline void oomtrace_commit_count(int mode, bool denied)
{
	this_cpu_inc(oomtrace_stats.decisions[mode & 3][denied]);
}

#endif /* OOMTRACE_COMMIT_H */
