/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/preempt.h for all supported kernels.
 */
#ifndef OOMTRACE_COMPAT_PREEMPT_H
#define OOMTRACE_COMPAT_PREEMPT_H

#include <linux/preempt.h>

#include "has.h"

/* in_irq() is the older name. */
#if !HAS_IN_HARDIRQ
#define in_hardirq()	in_irq()
#endif

#endif /* OOMTRACE_COMPAT_PREEMPT_H */
