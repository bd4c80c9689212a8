/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that the kernel refuses: recorded on demand.
 */
#ifndef OOMTRACE_REFUSED_H
#define OOMTRACE_REFUSED_H

#include <linux/kprobes.h>
#include <linux/seq_file.h>

#include "refused/calls.h"

/* The bytes of an instance that the entry fills in for the return. */
extern const size_t oomtrace_refused_size;

int oomtrace_refused_entry(struct kretprobe_instance *ri, struct pt_regs *regs);

/* oomtrace_refused_MMAP(), ...: the handlers at the return of each hooked function. */
#define OOMTRACE_DECLARE_RETURN(HOOK, call, symbol, fallback)		\
	int oomtrace_refused_##HOOK(struct kretprobe_instance *ri, struct pt_regs *regs);
OOMTRACE_REFUSED_CALLS(OOMTRACE_DECLARE_RETURN)
#undef OOMTRACE_DECLARE_RETURN

void oomtrace_refused_show(struct seq_file *m);

#endif /* OOMTRACE_REFUSED_H */
