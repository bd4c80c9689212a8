/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which of the two hooks of __vm_enough_memory() is in charge.
 */
#ifndef OOMTRACE_HOOKS_MODE_H
#define OOMTRACE_HOOKS_MODE_H

struct oomtrace_hook;

void oomtrace_hooks_follow_mode(struct oomtrace_hook *entry, struct oomtrace_hook *ret);

#endif /* OOMTRACE_HOOKS_MODE_H */
