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

/**
 * struct oomtrace_kill - what a victim's record has besides the state of the victim
 * @episode: number of the episode; 0 if there is none.
 * @earlier: number of an episode that killed it before; 0 if there is none.
 * @why: enum oomtrace_why.
 * @sig: the signal that it got; 0 if it got none.
 * @how: enum oomtrace_how, the system call that sent @sig; OOMTRACE_HOWS if the kernel
 *	sent it.
 */
struct oomtrace_kill {
	u64 episode;
	u64 earlier;
	u8 why;
	u8 sig;
	u8 how;
};

extern struct oomtrace_entry oomtrace_kill_one;
extern struct oomtrace_entry oomtrace_exit_victim;

OOMTRACE_DECLARE_MARK_VICTIM(oomtrace_mark_victim);
void oomtrace_wake_reaper(void *data, int pid);
void oomtrace_start_reaping(void *data, int pid);
void oomtrace_finish_reaping(void *data, int pid);
void oomtrace_skip_reaping(void *data, int pid);

void oomtrace_victim_signal(struct task_struct *task);
void oomtrace_record_victim(struct task_struct *task, struct mm_struct *mm,
			    const struct oomtrace_kill *kill);
void oomtrace_record_released(u64 episode, pid_t pid, u64 since_ns,
			      struct mm_struct *mm);

#endif /* OOMTRACE_VICTIM_H */
