/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Victims: the tasks that an OOM kills, until their memory is freed.
 */
#ifndef OOMTRACE_VICTIM_H
#define OOMTRACE_VICTIM_H

#include <linux/sched.h>
#include <linux/types.h>

#include "compat/oom.h"
#include "hook/entry.h"

extern struct oomtrace_entry oomtrace_kill_one;
extern struct oomtrace_entry oomtrace_exit_victim;

OOMTRACE_DECLARE_MARK_VICTIM(oomtrace_mark_victim);
void oomtrace_wake_reaper(void *data, int pid);
void oomtrace_start_reaping(void *data, int pid);
void oomtrace_finish_reaping(void *data, int pid);
void oomtrace_skip_reaping(void *data, int pid);

void oomtrace_victim_signal(struct task_struct *task);
void oomtrace_record_victim(u64 episode, struct task_struct *task,
			    struct mm_struct *mm, u8 why, u8 sig);
void oomtrace_record_released(u64 episode, pid_t pid, u64 since_ns,
			      struct mm_struct *mm);

#endif /* OOMTRACE_VICTIM_H */
