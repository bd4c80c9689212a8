/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Victim selection: one episode for each call of out_of_memory().
 */
#ifndef OOMTRACE_SELECTION_H
#define OOMTRACE_SELECTION_H

#include <linux/kprobes.h>
#include <linux/notifier.h>
#include <linux/types.h>

#include "hook/entry.h"

/**
 * struct oomtrace_last_episodes - the episodes that may have led to a panic
 * @begin_ns: begin of the last episode that has records, CLOCK_MONOTONIC; 0 if there
 *	is none.
 * @panicked: the kernel panicked within the last episode.
 * @kill_ns: begin of the last episode that killed, CLOCK_MONOTONIC; 0 if there
 *	is none.
 * @kill: number of the last episode that killed.
 */
struct oomtrace_last_episodes {
	u64 begin_ns;
	bool panicked;
	u64 kill_ns;
	u64 kill;
};

extern struct oomtrace_entry oomtrace_kill_process;

int oomtrace_oom_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_oom_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_oom_notify(struct notifier_block *nb, unsigned long unused,
			void *freed);

void oomtrace_selection_panic(const char *message, struct oomtrace_last_episodes *last);

#endif /* OOMTRACE_SELECTION_H */
