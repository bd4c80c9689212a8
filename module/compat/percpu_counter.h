/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/percpu_counter.h for all supported configurations.
 */
#ifndef OOMTRACE_COMPAT_PERCPU_COUNTER_H
#define OOMTRACE_COMPAT_PERCPU_COUNTER_H

#include <linux/percpu.h>
#include <linux/percpu_counter.h>

/*
 * The part of a counter that this CPU has not yet added to the shared part.
 * Preemption is off. Without SMP a counter has a shared part only.
 */
static __always_inline s64
oomtrace_counter_local(const struct percpu_counter *fbc)
{
#ifdef CONFIG_SMP
	return this_cpu_read(*fbc->counters);
#else
	return 0;
#endif
}

#endif /* OOMTRACE_COMPAT_PERCPU_COUNTER_H */
