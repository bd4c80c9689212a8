/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/kprobes.h as every supported kernel has it: what a return probe's
 * handler can see of the stack that it is called on.
 *
 * OOMTRACE_RETURN_UNWINDS is 1 where a stack that is taken there goes on to who
 * called the probed function. Elsewhere it ends at the kernel's trampoline.
 */
#ifndef OOMTRACE_COMPAT_KPROBES_H
#define OOMTRACE_COMPAT_KPROBES_H

#include <linux/kprobes.h>

#include "has.h"

#define OOMTRACE_RETURN_UNWINDS	HAS_KRETPROBE_FIND_RET_ADDR

#endif /* OOMTRACE_COMPAT_KPROBES_H */
