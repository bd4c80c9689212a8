/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/ftrace.h for all supported kernels: a callback at a function's entry that
 * reads the arguments and can redirect the call.
 *
 * OOMTRACE_HAS_DETOUR is 1 if detours can be built: ftrace passes the arguments
 * to callbacks, and static calls are patched in place. A detour calls a function
 * after its first bytes, where an indirect call must not go.
 */
#ifndef OOMTRACE_COMPAT_FTRACE_H
#define OOMTRACE_COMPAT_FTRACE_H

#include <linux/ftrace.h>
#include <linux/ptrace.h>
#include <linux/static_call.h>
#ifdef CONFIG_X86
#include <asm/cpufeature.h>
#endif

#include "has.h"

#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	defined(CONFIG_HAVE_STATIC_CALL) && defined(CONFIG_KPROBES_ON_FTRACE) && \
	(HAS_FTRACE_REGS_GET_ARGUMENT || HAS_FTRACE_REGS_REGS)
#define OOMTRACE_HAS_DETOUR	1
#else
#define OOMTRACE_HAS_DETOUR	0
#endif

#if HAS_FTRACE_REGS_GET_ARGUMENT
#define oomtrace_fregs_argument(fregs, n) \
	ftrace_regs_get_argument(fregs, n)
#else
#define oomtrace_fregs_argument(fregs, n) \
	regs_get_kernel_argument(&(fregs)->regs, n)
#endif

#if HAS_FTRACE_REGS_SET_IP
#define oomtrace_fregs_set_ip(fregs, ip) \
	ftrace_regs_set_instruction_pointer(fregs, ip)
#else
#define oomtrace_fregs_set_ip(fregs, ip) \
	ftrace_instruction_pointer_set(fregs, ip)
#endif

/*
 * Whether the CPU enforces IBT: an indirect branch must then go to a function's
 * start, and the code after ftrace's call is not one.
 */
static inline bool oomtrace_branches_are_checked(void)
{
#if defined(X86_FEATURE_IBT) && defined(CONFIG_X86_KERNEL_IBT)
	return cpu_feature_enabled(X86_FEATURE_IBT);
#else
	return false;
#endif
}

#endif /* OOMTRACE_COMPAT_FTRACE_H */
