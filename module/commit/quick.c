// SPDX-License-Identifier: GPL-2.0
/*
 * Opens and closes the quick ways for commit decisions.
 *
 * One way is open at most, for the mode that was last seen. In modes 0 and 1, while
 * the hook at the entry handles the calls, there are two: one for grants that are
 * only counted, one for grants that are recorded. In mode 2 there is one, in the
 * return probe, for grants far from the limit. A request in another mode takes the
 * long way, where the change is noticed.
 *
 * A task that changes what is recorded may rely on it at once: requests that begin
 * later take the way that is open then. A handler that notices another mode closes
 * all. Only process context opens one.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>

#include "commit/quick.h"
#include "hook/symbols.h"

static const unsigned long none;
static const unsigned long any = LONG_MAX;

static const int unknown_mode = OOMTRACE_MODE_UNKNOWN;

const unsigned long * const oomtrace_granted_below[] = {
	[OVERCOMMIT_GUESS]	= (const unsigned long *)&_totalram_pages.counter,
	[OVERCOMMIT_ALWAYS]	= &any,
	[OVERCOMMIT_NEVER]	= &none,
	[OOMTRACE_MODE_UNKNOWN]	= &none,
};

struct oomtrace_quick oomtrace_quick = {
	.mode		= &unknown_mode,
	.below		= { [0 ... OOMTRACE_MODE_UNKNOWN] = &none },
	.followed	= -1,
	.ample_mode	= -1,
};

const unsigned long *oomtrace_quick_record_below[] = {
	[0 ... OOMTRACE_MODE_UNKNOWN] = &none
};

/* Serialises the tasks that open a way, and guards facts. */
static DEFINE_MUTEX(quick_mutex);
/* Bit n: enum oomtrace_quick_fact n applies. */
static unsigned long facts;

/* Before the first handler runs. */
void oomtrace_quick_init(void)
{
	oomtrace_quick.mode = oomtrace_sym.overcommit_memory;
}

static void close_all(void)
{
	int mode;

	WRITE_ONCE(oomtrace_quick.ample_mode, -1);
	for (mode = 0; mode < OOMTRACE_MODES; mode++) {
		WRITE_ONCE(oomtrace_quick.below[mode], &none);
		WRITE_ONCE(oomtrace_quick_record_below[mode], &none);
	}
}

/**
 * oomtrace_quick_close() - send all requests the long way
 *
 * For the handler that has just stored another mode as the one last seen. The ways
 * stay closed until oomtrace_quick_follow().
 */
void oomtrace_quick_close(void)
{
	/* The mode before @followed: pairs with oomtrace_quick_follow(). */
	smp_mb();
	WRITE_ONCE(oomtrace_quick.followed, -1);
	/* @followed before @below: pairs with oomtrace_quick_set(). */
	smp_mb();
	close_all();
}

static bool applies(enum oomtrace_quick_fact fact)
{
	return facts & BIT(fact);
}

static void open_for(int mode)
{
	close_all();
	if (mode == OVERCOMMIT_NEVER) {
		if (applies(OOMTRACE_QUICK_RETURNS) &&
		    !applies(OOMTRACE_QUICK_RECORDS) &&
		    !applies(OOMTRACE_QUICK_NEAR) &&
		    !applies(OOMTRACE_QUICK_NO_TERMS))
			WRITE_ONCE(oomtrace_quick.ample_mode, mode);
	} else if (mode == OVERCOMMIT_GUESS || mode == OVERCOMMIT_ALWAYS) {
		if (applies(OOMTRACE_QUICK_RETURN))
			return;
		if (applies(OOMTRACE_QUICK_RECORDS) && applies(OOMTRACE_QUICK_GAPS))
			return;
		if (applies(OOMTRACE_QUICK_RECORDS))
			WRITE_ONCE(oomtrace_quick_record_below[mode],
				   oomtrace_granted_below[mode]);
		else
			WRITE_ONCE(oomtrace_quick.below[mode],
				   oomtrace_granted_below[mode]);
	}
}

/**
 * oomtrace_quick_set() - store a fact that decides which way is open
 * @fact: the fact.
 * @on: it applies from now on.
 *
 * Process context.
 */
void oomtrace_quick_set(enum oomtrace_quick_fact fact, bool on)
{
	int mode;

	mutex_lock(&quick_mutex);
	__assign_bit(fact, &facts, on);
	do {
		mode = READ_ONCE(oomtrace_quick.followed);
		open_for(mode);
		/* If a handler closed the ways before this, see that and close them. */
		smp_mb();
	} while (mode != READ_ONCE(oomtrace_quick.followed));
	mutex_unlock(&quick_mutex);
}

/**
 * oomtrace_quick_follow() - open a way for a mode
 * @seen: the mode that was last seen, which the hooks are set up for; a handler may
 *	change it and then call oomtrace_quick_close().
 *
 * Process context.
 */
void oomtrace_quick_follow(const int *seen)
{
	int mode;

	mutex_lock(&quick_mutex);
	do {
		mode = READ_ONCE(*seen);
		open_for(mode);
		WRITE_ONCE(oomtrace_quick.followed, mode);
		/*
		 * Either this sees another mode that a handler has stored, or the
		 * handler closes the ways after this has opened one.
		 */
		smp_mb();
	} while (mode != READ_ONCE(*seen));
	mutex_unlock(&quick_mutex);
}
