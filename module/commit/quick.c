// SPDX-License-Identifier: GPL-2.0
/*
 * Opens and closes the quick ways for commit decisions.
 *
 * They are open for one mode at most: the mode that was last seen, if that is 0 or
 * 1, and if the hook at the entry handles the calls. A request in another mode
 * takes the long way, where the change is noticed. One way is for grants that are
 * only counted, the other for grants that are recorded; one of them is open.
 *
 * A task that changes what is recorded may rely on it at once: requests that begin
 * later take the way that is open then. A handler that notices another mode closes
 * both. Only process context opens one.
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

	for (mode = 0; mode <= OOMTRACE_MODE_UNKNOWN; mode++) {
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

static void open_for(int mode)
{
	const unsigned long **way = test_bit(OOMTRACE_QUICK_RECORDS, &facts) ?
				    oomtrace_quick_record_below :
				    oomtrace_quick.below;

	close_all();
	if (mode < 0 || test_bit(OOMTRACE_QUICK_RETURN, &facts))
		return;
	mode &= OOMTRACE_MODE_UNKNOWN;
	WRITE_ONCE(way[mode], oomtrace_granted_below[mode]);
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
