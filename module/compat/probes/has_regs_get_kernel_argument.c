// SPDX-License-Identifier: GPL-2.0
/* An argument of a kernel function is found in its registers. Missing on powerpc before 6.9. */
#include <linux/ptrace.h>

unsigned long probe(struct pt_regs *regs);
unsigned long probe(struct pt_regs *regs)
{
	return regs_get_kernel_argument(regs, 1);
}
