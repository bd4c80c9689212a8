/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook at the entry and the return of a function, cheaper than a return probe.
 */
#ifndef OOMTRACE_DETOUR_H
#define OOMTRACE_DETOUR_H

#include "compat/ftrace.h"

/**
 * struct oomtrace_detour - the hook of one function
 * @ops: its ftrace_ops; @ops.func sees each call and may redirect it.
 * @set_body: gets the address after ftrace's call before the first call. NULL:
 *	@ops.func redirects no call.
 * @blocks: the function may sleep, so it is unknown when the last redirected call
 *	returns.
 * @ip: address of ftrace's call in the function; 0: not attached.
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
