/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Episodes of OOM daemons: OOM killers in user space.
 */
#ifndef OOMTRACE_DAEMON_H
#define OOMTRACE_DAEMON_H

#include <linux/kprobes.h>
#include <linux/sched.h>

extern const size_t oomtrace_reap_mm_size;

void oomtrace_signal(void *data, int sig, struct kernel_siginfo *info,
		     struct task_struct *task, int group, int result);
int oomtrace_reap_mm_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_reap_mm_return(struct kretprobe_instance *ri,
			    struct pt_regs *regs);

void oomtrace_daemon_init(void);
void oomtrace_daemon_exit(void);

#endif /* OOMTRACE_DAEMON_H */
