// SPDX-License-Identifier: GPL-2.0
/*
 * An ftrace callback reads the function's arguments from a pt_regs; there is no
 * accessor yet.
 */
#include <linux/ftrace.h>
#include <linux/ptrace.h>

#ifndef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#error "the pt_regs has no arguments without this option"
#endif

unsigned long probe(struct ftrace_regs *fregs);
unsigned long probe(struct ftrace_regs *fregs)
{
	return regs_get_kernel_argument(&fregs->regs, 1);
}
