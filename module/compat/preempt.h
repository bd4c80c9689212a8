/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/preempt.h as every supported kernel has it.
 */
#ifndef OOMTRACE_COMPAT_PREEMPT_H
#define OOMTRACE_COMPAT_PREEMPT_H

#include <linux/preempt.h>

#include "has.h"

/* Older kernels have the same under a name that says less. */
#if !HAS_IN_HARDIRQ
#define in_hardirq()	in_irq()
#endif

#endif /* OOMTRACE_COMPAT_PREEMPT_H */
