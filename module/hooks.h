/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All hooks of oomtrace at once: attach, detach, switch, count and show.
 */
#ifndef OOMTRACE_HOOKS_H
#define OOMTRACE_HOOKS_H

#include <linux/types.h>

struct oomtrace_hook;

int oomtrace_hooks_attach(void);
void oomtrace_hooks_detach(void);
int oomtrace_hooks_enable(bool on);
bool oomtrace_hooks_enabled(void);
unsigned int oomtrace_hooks_missing(void);
int oomtrace_hooks_refusals(bool on);
bool oomtrace_hooks_refusals_on(void);
const char *oomtrace_hook_silenced_by(const struct oomtrace_hook *hook);
const struct oomtrace_hook *oomtrace_hooks_lock(void);
void oomtrace_hooks_unlock(void);

#endif /* OOMTRACE_HOOKS_H */
