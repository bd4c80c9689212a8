/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All hooks of oomtrace at once: attach, detach, switch, count and show.
 */
#ifndef OOMTRACE_HOOKS_H
#define OOMTRACE_HOOKS_H

#include <linux/seq_file.h>

int oomtrace_hooks_attach(void);
void oomtrace_hooks_detach(void);
int oomtrace_hooks_enable(bool on);
bool oomtrace_hooks_enabled(void);
unsigned int oomtrace_hooks_missing(void);
void oomtrace_hooks_show(struct seq_file *m);

#endif /* OOMTRACE_HOOKS_H */
