/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records of SIGKILLs, whatever sends them.
 */
#ifndef OOMTRACE_SIGKILL_H
#define OOMTRACE_SIGKILL_H

#include <linux/sched/signal.h>
#include <linux/types.h>

extern bool oomtrace_record_sigkills;

/* Are SIGKILLs recorded? Any context. */
static inline bool oomtrace_sigkills_recorded(void)
{
	return unlikely(READ_ONCE(oomtrace_record_sigkills));
}

int oomtrace_signals_set(const char *name);
const char *oomtrace_signals_name(void);

u8 oomtrace_find_how(void);
void oomtrace_sigkill_record(const struct kernel_siginfo *info,
			     struct task_struct *task, int result, u64 episode);

void oomtrace_sigkill_init(void);
void oomtrace_sigkill_exit(void);

#endif /* OOMTRACE_SIGKILL_H */
