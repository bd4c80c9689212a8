/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel stacks that a file of saved records has. Records refer to a stack by
 * number, and the module gives a reader each stack once, but each file must be
 * readable without the others.
 */
#ifndef OOMTRACE_STACKS_H
#define OOMTRACE_STACKS_H

#include <stdbool.h>

#include "../../include/oomtrace.h"

/* Upper bound of the numbers of stacks; the module has fewer. */
#define STACKS_END	4096

/** struct stacks - bit n is set if the file has stack n; zeroed when a file starts */
struct stacks {
	__u64 saved[STACKS_END / 64];
};

/**
 * typedef stacks_get_fn - get a stack from the module
 * @ctx: of the caller of stacks_fetch().
 * @stack: its @id is set; out: @text and @frames.
 *
 * Return: 0 or a negative errno.
 */
typedef int (*stacks_get_fn)(void *ctx, struct oomtrace_stack *stack);

/** stacks_note() - a record is saved: if it is a stack, the file has that one now */
void stacks_note(struct stacks *s, const struct oomtrace_header *rec);

/**
 * stacks_fetch() - get the stack that a record refers to, if the file lacks it
 * @s: the file's stacks.
 * @stack: out: the record to save before @rec.
 * @rec: the record.
 * @get: how to get a stack; NULL if there is no way.
 * @ctx: passed to @get.
 *
 * Allocates nothing. Return: false if there is nothing to save.
 */
bool stacks_fetch(const struct stacks *s, struct oomtrace_stack *stack,
		  const struct oomtrace_header *rec, stacks_get_fn get, void *ctx);

#endif /* OOMTRACE_STACKS_H */
