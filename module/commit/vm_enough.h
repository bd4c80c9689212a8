/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handlers around __vm_enough_memory(), and which of them are in charge.
 */
#ifndef OOMTRACE_VM_ENOUGH_H
#define OOMTRACE_VM_ENOUGH_H

#include <linux/kprobes.h>
#include <linux/workqueue.h>

#include "hook/entry.h"

extern struct oomtrace_entry oomtrace_vm_enough;
extern struct oomtrace_entry oomtrace_vm_enough_by_ftrace;

extern const size_t oomtrace_commit_call_size;
int oomtrace_vm_enough_before(struct kprobe *kp, struct pt_regs *regs);
int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs);
int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs);

void oomtrace_vm_enough_init(work_func_t mode_changed);
void oomtrace_vm_enough_cancel(void);
void oomtrace_vm_enough_look_again(unsigned long delay);
bool oomtrace_vm_enough_wants_return(void);
void oomtrace_vm_enough_followed(void);
bool oomtrace_vm_enough_uses_return(void);
void oomtrace_vm_enough_use_return(bool on);

#endif /* OOMTRACE_VM_ENOUGH_H */
