/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fails within a system call before the call itself does.
 */
#ifndef OOMTRACE_WITHIN_H
#define OOMTRACE_WITHIN_H

#include <linux/kprobes.h>

extern const size_t oomtrace_charge_size;

int oomtrace_charge_entry(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_charge_return(struct kretprobe_instance *ri, struct pt_regs *regs);
int oomtrace_no_gap_return(struct kretprobe_instance *ri, struct pt_regs *regs);

#endif /* OOMTRACE_WITHIN_H */
