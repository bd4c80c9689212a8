// SPDX-License-Identifier: GPL-2.0
/* An ftrace callback sends a call elsewhere by this name, not by an older one. */
#include <linux/ftrace.h>

void probe(struct ftrace_regs *fregs);
void probe(struct ftrace_regs *fregs)
{
	ftrace_regs_set_instruction_pointer(fregs, 0);
}
