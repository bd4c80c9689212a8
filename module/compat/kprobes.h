/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/kprobes.h for all supported kernels: stack traces in the handler of a
 * return probe.
 *
 * OOMTRACE_RETURN_UNWINDS is 1 if such a trace continues to the caller of the
 * probed function. Otherwise it ends at the kernel's trampoline.
 */
#ifndef OOMTRACE_COMPAT_KPROBES_H
#define OOMTRACE_COMPAT_KPROBES_H

#include <linux/kprobes.h>

#include "has.h"

#define OOMTRACE_RETURN_UNWINDS	HAS_KRETPROBE_FIND_RET_ADDR

#endif /* OOMTRACE_COMPAT_KPROBES_H */
