// SPDX-License-Identifier: GPL-2.0
/*
 * Opens and closes the quick way for commit decisions.
 *
 * It is open for one mode at most: the mode that was last seen, if that is 0 or 1,
 * if grants are not recorded, and if the hook at the entry handles the calls. So a
 * request in another mode takes the long way, where the change is noticed.
 *
 * A task that closes the way for a reason may rely on it at once: requests that
 * begin later take the long way. A handler that notices another mode closes it as
 * well. Only process context opens it.
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

struct oomtrace_quick oomtrace_quick = {
	.mode		= &unknown_mode,
	.below		= { [0 ... OOMTRACE_MODE_UNKNOWN] = &none },
	.followed	= -1,
};

/* Serialises the tasks that open the way, and guards detours. */
static DEFINE_MUTEX(quick_mutex);
/* Bit n: enum oomtrace_detour n is on. */
static unsigned long detours;

/* Before the first handler runs. */
void oomtrace_quick_init(void)
{
	oomtrace_quick.mode = oomtrace_sym.overcommit_memory;
}

static void close_all(void)
{
	int mode;

	for (mode = 0; mode <= OOMTRACE_MODE_UNKNOWN; mode++)
		WRITE_ONCE(oomtrace_quick.below[mode], &none);
}

/**
 * oomtrace_quick_close() - send all requests the long way
 *
 * For the handler that has just stored another mode as the one last seen. The way
 * stays closed until oomtrace_quick_follow().
 */
void oomtrace_quick_close(void)
{
	/* The mode before @followed: pairs with oomtrace_quick_follow(). */
	smp_mb();
	WRITE_ONCE(oomtrace_quick.followed, -1);
	/* @followed before @below: pairs with oomtrace_quick_detour(). */
	smp_mb();
	close_all();
}

static void open_for(int mode)
{
	close_all();
	if (detours)
		return;
	if (mode == OVERCOMMIT_GUESS)
		WRITE_ONCE(oomtrace_quick.below[mode],
			   (const unsigned long *)&_totalram_pages.counter);
	else if (mode == OVERCOMMIT_ALWAYS)
		WRITE_ONCE(oomtrace_quick.below[mode], &any);
}

/**
 * oomtrace_quick_detour() - send all requests the long way for a reason, or no longer
 * @why: the reason.
 * @on: the reason applies from now on.
 *
 * Process context.
 */
void oomtrace_quick_detour(enum oomtrace_detour why, bool on)
{
	int mode;

	mutex_lock(&quick_mutex);
	__assign_bit(why, &detours, on);
	do {
		mode = READ_ONCE(oomtrace_quick.followed);
		open_for(mode);
		/* If a handler closed the way before this, see why and close it. */
		smp_mb();
	} while (mode != READ_ONCE(oomtrace_quick.followed));
	mutex_unlock(&quick_mutex);
}

/**
 * oomtrace_quick_follow() - open the way for a mode
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
		 * handler closes the way after this has opened it.
		 */
		smp_mb();
	} while (mode != READ_ONCE(*seen));
	mutex_unlock(&quick_mutex);
}
