// SPDX-License-Identifier: GPL-2.0
/* An ftrace callback reads the function's arguments through an accessor. */
#include <linux/ftrace.h>

unsigned long probe(struct ftrace_regs *fregs);
unsigned long probe(struct ftrace_regs *fregs)
{
	return ftrace_regs_get_argument(fregs, 1);
}
