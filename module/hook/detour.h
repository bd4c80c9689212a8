/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook around a function for less than a return probe costs (detour.c).
 */
#ifndef OOMTRACE_DETOUR_H
#define OOMTRACE_DETOUR_H

#include "compat/ftrace.h"

/**
 * struct oomtrace_detour - the hook of one function
 * @ops: its ftrace_ops; @ops.func sees each call, and decides which way it goes.
 * @set_body: told, before the first call, where the function goes on behind
 *	ftrace's own few bytes. NULL: @ops.func only looks, all calls go on.
 * @blocks: the function may have to wait for something while it is called in our
 *	turn: then there is no telling when the last call is out of our code.
 * @ip: where in the function ftrace calls; 0: not attached.
 */
struct oomtrace_detour {
#if OOMTRACE_HAS_DETOUR
	struct ftrace_ops ops;
#endif
	void (*set_body)(unsigned long body);
	bool blocks;
	unsigned long ip;
};

#if OOMTRACE_HAS_DETOUR
int oomtrace_detour_attach(struct oomtrace_detour *d, const char *symbol);
void oomtrace_detour_detach(struct oomtrace_detour *d);
int oomtrace_detour_arm(struct oomtrace_detour *d, bool on);
void oomtrace_detour_synchronize(void);
#else
static inline int oomtrace_detour_attach(struct oomtrace_detour *d,
					 const char *symbol)
{
	return -EOPNOTSUPP;
}

static inline void oomtrace_detour_detach(struct oomtrace_detour *d)
{
}

static inline int oomtrace_detour_arm(struct oomtrace_detour *d, bool on)
{
	return -EOPNOTSUPP;
}

static inline void oomtrace_detour_synchronize(void)
{
}
#endif

#endif /* OOMTRACE_DETOUR_H */
