/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handlers around __vm_enough_memory().
 */
#ifndef OOMTRACE_VM_ENOUGH_H
#define OOMTRACE_VM_ENOUGH_H

#include <linux/kprobes.h>

#include "hook/detour.h"

extern const size_t oomtrace_commit_call_size;
extern struct oomtrace_detour oomtrace_vm_enough_detour;

int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs);
int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs);

#endif /* OOMTRACE_VM_ENOUGH_H */
