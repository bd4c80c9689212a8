/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/ptrace.h for all supported kernels: the arguments of a kernel function.
 */
#ifndef OOMTRACE_COMPAT_PTRACE_H
#define OOMTRACE_COMPAT_PTRACE_H

#include <linux/ptrace.h>

#include "has.h"

#if !HAS_REGS_GET_KERNEL_ARGUMENT && defined(CONFIG_PPC64)
/* The first eight are in r3 to r10; no hooked function has more. */
static inline unsigned long regs_get_kernel_argument(struct pt_regs *regs, unsigned int n)
{
	return regs->gpr[3 + n];
}
#endif

#endif /* OOMTRACE_COMPAT_PTRACE_H */
