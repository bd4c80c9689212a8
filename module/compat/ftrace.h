/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/ftrace.h as every supported kernel has it: a callback at a function's
 * entry that sees the arguments, for less than a kprobe there costs.
 *
 * Where ftrace cannot give a callback the arguments, OOMTRACE_HAS_FTRACE_ARGS
 * is 0 and a kprobe does the same for more.
 */
#ifndef OOMTRACE_COMPAT_FTRACE_H
#define OOMTRACE_COMPAT_FTRACE_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>

#include "has.h"

#if HAS_FTRACE_REGS_GET_ARGUMENT
#define OOMTRACE_HAS_FTRACE_ARGS	1
#define oomtrace_fregs_argument(fregs, n)	\
	ftrace_regs_get_argument(fregs, n)
#elif HAS_FTRACE_REGS_REGS
#define OOMTRACE_HAS_FTRACE_ARGS	1
#define oomtrace_fregs_argument(fregs, n)	\
	regs_get_kernel_argument(&(fregs)->regs, n)
#else
#define OOMTRACE_HAS_FTRACE_ARGS	0
#endif

#endif /* OOMTRACE_COMPAT_FTRACE_H */
