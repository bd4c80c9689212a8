/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel stacks that commit denials refer to.
 */
#ifndef OOMTRACE_STACKS_H
#define OOMTRACE_STACKS_H

#include <linux/types.h>

#include "include/oomtrace.h"

/* Size of the table; when it is full, denials with a new stack have none. */
#define OOMTRACE_STACKS		256

u32 oomtrace_stack_save(bool at_entry);
bool oomtrace_stack_fill(u32 id, struct oomtrace_stack *rec);
u64 oomtrace_stacks_refused(void);

#endif /* OOMTRACE_STACKS_H */
