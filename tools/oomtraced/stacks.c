// SPDX-License-Identifier: GPL-2.0
/*
 * Knows which kernel stacks a file has, and gets those that it lacks.
 */
#include <string.h>

#include "../../common/format.h"
#include "stacks.h"

void stacks_note(struct stacks *s, const struct oomtrace_header *rec)
{
	const struct oomtrace_stack *stack = (const void *)rec;

	if (rec->type == OOMTRACE_STACK &&
	    rec->size >= offsetof(struct oomtrace_stack, text) && stack->id < STACKS_END)
		s->saved[stack->id / 64] |= 1ULL << stack->id % 64;
}

bool stacks_fetch(const struct stacks *s, struct oomtrace_stack *stack,
		  const struct oomtrace_header *rec, stacks_get_fn get, void *ctx)
{
	__u32 id = oomtrace_stack_of(rec);

	if (!id || id >= STACKS_END || s->saved[id / 64] >> id % 64 & 1 || !get)
		return false;
	memset(stack, 0, sizeof(*stack));
	stack->id = id;
	if (get(ctx, stack))
		return false;
	/* As from the module: CPU, ring, number and time are those of the record. */
	stack->h = *rec;
	stack->h.type = OOMTRACE_STACK;
	stack->h.size = sizeof(*stack);
	stack->h.valid = OOMTRACE_ALL(stack);
	stack->h.derived = 0;
	return true;
}
