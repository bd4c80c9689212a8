/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks that wait since their cgroup's OOM killer is switched off.
 */
#ifndef OOMTRACE_WAITING_H
#define OOMTRACE_WAITING_H

#include <linux/kprobes.h>

int oomtrace_synchronize_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_synchronize_return(struct kretprobe_instance *ri, struct pt_regs *regs);

void oomtrace_waiting_init(void);
void oomtrace_waiting_exit(void);

#endif /* OOMTRACE_WAITING_H */
