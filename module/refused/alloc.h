/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations of the kernel that fail.
 */
#ifndef OOMTRACE_ALLOC_H
#define OOMTRACE_ALLOC_H

#include <linux/seq_file.h>

#include "hook/entry.h"

extern struct oomtrace_entry oomtrace_warn_alloc;

void oomtrace_alloc_show(struct seq_file *m);

#endif /* OOMTRACE_ALLOC_H */
