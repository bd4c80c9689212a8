/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel stacks that records refer to.
 */
#ifndef OOMTRACE_STACKS_H
#define OOMTRACE_STACKS_H

#include <linux/types.h>

#include "include/oomtrace.h"

struct pt_regs;

/*
 * Size of the table: a part for commit denials, one for OOMs and one for failed
 * allocations, so that none can fill another. If a part is full, records with a new
 * stack have none.
 */
#define OOMTRACE_STACKS_COMMIT	256
#define OOMTRACE_STACKS_OOM	128
#define OOMTRACE_STACKS_ALLOC	128
#define OOMTRACE_STACKS		(OOMTRACE_STACKS_COMMIT + OOMTRACE_STACKS_OOM + \
				 OOMTRACE_STACKS_ALLOC)

u32 oomtrace_stack_save(struct pt_regs *regs, bool at_entry);
u32 oomtrace_stack_save_alloc(void);
u32 oomtrace_stack_add_oom(const unsigned long *frames, u32 nr);
bool oomtrace_stack_fill(u32 id, struct oomtrace_stack *rec);
u64 oomtrace_stacks_refused(void);

#endif /* OOMTRACE_STACKS_H */
