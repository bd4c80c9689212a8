/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/ftrace.h as every supported kernel has it: a callback at a function's
 * entry that sees the arguments.
 *
 * OOMTRACE_HAS_FTRACE is 1 where a callback gets the arguments, and where a
 * kprobe at the same function is called in the same pass, with preemption off in
 * between. The hook of __vm_enough_memory() relies on the latter.
 *
 * OOMTRACE_HAS_RETURN is 1 where a callback gets the stack pointer as well, which
 * is what hooking the return of a call takes. The kernel's own function graph
 * tracer gets it in the same way.
 */
#ifndef OOMTRACE_COMPAT_FTRACE_H
#define OOMTRACE_COMPAT_FTRACE_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

#include "compat/ptrace.h"
#include "has.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	defined(CONFIG_KPROBES_ON_FTRACE) && \
	(HAS_FTRACE_REGS_GET_ARGUMENT || HAS_FTRACE_REGS_REGS)
#define OOMTRACE_HAS_FTRACE	1
#else
#define OOMTRACE_HAS_FTRACE	0
#endif

#if OOMTRACE_HAS_FTRACE && defined(CONFIG_FUNCTION_GRAPH_TRACER) && HAS_FTRACE_GRAPH_FUNC
#define OOMTRACE_HAS_RETURN	1
#else
#define OOMTRACE_HAS_RETURN	0
#endif

/* The registers of a callback: the arguments, and with OOMTRACE_HAS_RETURN the stack. */
#ifdef arch_ftrace_regs
#define oomtrace_fregs_regs(fregs)	(&arch_ftrace_regs(fregs)->regs)
#else
#define oomtrace_fregs_regs(fregs)	(&(fregs)->regs)
#endif

/* The same, or NULL if the stack pointer is not among them. */
#if OOMTRACE_HAS_RETURN
#define oomtrace_fregs_stack(fregs)	oomtrace_fregs_regs(fregs)
#else
#define oomtrace_fregs_stack(fregs)	NULL
#endif

#if HAS_FTRACE_REGS_GET_ARGUMENT
#define oomtrace_fregs_argument(fregs, n) \
	ftrace_regs_get_argument(fregs, n)
#else
#define oomtrace_fregs_argument(fregs, n) \
	regs_get_kernel_argument(&(fregs)->regs, n)
#endif

#endif /* OOMTRACE_COMPAT_FTRACE_H */
