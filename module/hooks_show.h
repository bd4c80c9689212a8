/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hooks as text.
 */
#ifndef OOMTRACE_HOOKS_SHOW_H
#define OOMTRACE_HOOKS_SHOW_H

#include <linux/seq_file.h>

void oomtrace_hooks_show(struct seq_file *m);

#endif /* OOMTRACE_HOOKS_SHOW_H */
