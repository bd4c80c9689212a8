/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks in the commit ring where an overcommit knob has changed (knobs.c).
 */
#ifndef OOMTRACE_KNOBS_H
#define OOMTRACE_KNOBS_H

#include <linux/compiler.h>

/* vm.overcommit_memory as the last decision saw it. */
extern int oomtrace_knobs_mode;

/**
 * oomtrace_knobs_changed() - has the mode changed since the last decision?
 * @mode: the mode now.
 *
 * Return: true if so: call oomtrace_knobs_look() then.
 */
static inline bool oomtrace_knobs_changed(int mode)
{
	return READ_ONCE(oomtrace_knobs_mode) != mode;
}

void oomtrace_knobs_init(void);
void oomtrace_knobs_look(void);

#endif /* OOMTRACE_KNOBS_H */
