/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's clocks in nanoseconds. Records have the time of CLOCK_MONOTONIC,
 * which stops while the machine is suspended.
 */
#ifndef OOMTRACE_CLOCK_H
#define OOMTRACE_CLOCK_H

#include <time.h>

#define NS_PER_S	1000000000LL

/** clock_ns() - current time of a clock */
static inline long long clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/** clock_offset_ns() - current offset from CLOCK_MONOTONIC to a clock */
static inline long long clock_offset_ns(clockid_t clock)
{
	return clock_ns(clock) - clock_ns(CLOCK_MONOTONIC);
}

#endif /* OOMTRACE_CLOCK_H */
