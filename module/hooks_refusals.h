/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hooks of refused system calls, which are attached on demand.
 */
#ifndef OOMTRACE_HOOKS_REFUSALS_H
#define OOMTRACE_HOOKS_REFUSALS_H

struct oomtrace_hook;

void oomtrace_hooks_attach_refusals(struct oomtrace_hook *hooks);
int oomtrace_hooks_detach_refusals(struct oomtrace_hook *hooks);

#endif /* OOMTRACE_HOOKS_REFUSALS_H */
