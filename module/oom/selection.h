/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Victim selection: one episode for each call of out_of_memory().
 */
#ifndef OOMTRACE_SELECTION_H
#define OOMTRACE_SELECTION_H

#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/types.h>

/**
 * struct oomtrace_last_episodes - the episodes that a panic may follow from
 * @begin_ns: when the last episode began, CLOCK_MONOTONIC; 0: there was none.
 * @panicked: the kernel panicked within that episode.
 * @kill_ns: when the last episode that killed began; 0: there was none.
 * @kill: the number of that one.
 */
struct oomtrace_last_episodes {
	u64 begin_ns;
	bool panicked;
	u64 kill_ns;
	u64 kill;
};

int oomtrace_oom_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_oom_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_kill_entry(struct kprobe *kp, struct pt_regs *regs);
int oomtrace_oom_notify(struct notifier_block *nb, unsigned long unused,
			void *freed);

void oomtrace_selection_panic(struct oomtrace_last_episodes *last);

#endif /* OOMTRACE_SELECTION_H */
