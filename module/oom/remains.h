/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Victims that do not go: what keeps them.
 */
#ifndef OOMTRACE_REMAINS_H
#define OOMTRACE_REMAINS_H

#include <linux/mm_types.h>
#include <linux/sched.h>

bool oomtrace_remains_watch(u64 episode, struct task_struct *task, bool by_kernel,
			    u64 *earlier);
u64 oomtrace_remains_episode(const struct task_struct *task, u64 *killed_ns);
void oomtrace_remains_reaper(const struct mm_struct *mm, u8 step);

void oomtrace_remains_init(void);
void oomtrace_remains_exit(void);

#endif /* OOMTRACE_REMAINS_H */
