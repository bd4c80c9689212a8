/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/ftrace.h as every supported kernel has it: a callback at a function's
 * entry that sees the arguments.
 *
 * OOMTRACE_HAS_FTRACE is 1 where a callback gets the arguments, and where a
 * kprobe at the same function is called in the same pass, with preemption off in
 * between. The hook of __vm_enough_memory() relies on the latter.
 */
#ifndef OOMTRACE_COMPAT_FTRACE_H
#define OOMTRACE_COMPAT_FTRACE_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

#include "has.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	defined(CONFIG_KPROBES_ON_FTRACE) && \
	(HAS_FTRACE_REGS_GET_ARGUMENT || HAS_FTRACE_REGS_REGS)
#define OOMTRACE_HAS_FTRACE	1
#else
#define OOMTRACE_HAS_FTRACE	0
#endif

#if HAS_FTRACE_REGS_GET_ARGUMENT
#define oomtrace_fregs_argument(fregs, n) \
	ftrace_regs_get_argument(fregs, n)
#else
#define oomtrace_fregs_argument(fregs, n) \
	regs_get_kernel_argument(&(fregs)->regs, n)
#endif

#endif /* OOMTRACE_COMPAT_FTRACE_H */
