/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rate limit for records: the kernel's own ratelimit takes a lock, and prints.
 */
#ifndef OOMTRACE_RATE_H
#define OOMTRACE_RATE_H

#include <linux/jiffies.h>
#include <linux/types.h>

/**
 * struct oomtrace_rate - what one CPU has let pass in its current second
 * @since: start of that second, jiffies.
 * @n: how often oomtrace_rate_allows() was true in it.
 */
struct oomtrace_rate {
	unsigned long since;
	u32 n;
};

/**
 * oomtrace_rate_allows() - may this CPU write one more record now?
 * @rate: the CPU's; preemption is off. An interrupt may ask meanwhile: then a few
 *	more may pass.
 * @per_second: the most in a second.
 *
 * Return: true at most @per_second times a second.
 */
static inline bool oomtrace_rate_allows(struct oomtrace_rate *rate, u32 per_second)
{
	if (time_after(jiffies, rate->since + HZ)) {
		rate->since = jiffies;
		rate->n = 0;
	}
	/* Not "==": an interrupt may ask between this test and the increment. */
	if (rate->n >= per_second)
		return false;
	rate->n++;
	return true;
}

#endif /* OOMTRACE_RATE_H */
