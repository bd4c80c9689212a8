// SPDX-License-Identifier: GPL-2.0
/*
 * An ftrace callback gets a pt_regs in which the arguments are filled in, but
 * there is no accessor for them yet.
 */
#include <linux/ftrace.h>
#include <linux/ptrace.h>

#ifndef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#error "no arguments without the whole pt_regs"
#endif

unsigned long probe(struct ftrace_regs *fregs);
unsigned long probe(struct ftrace_regs *fregs)
{
	return regs_get_kernel_argument(&fregs->regs, 1);
}
