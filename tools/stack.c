// SPDX-License-Identifier: GPL-2.0
/*
 * Writes the functions of a kernel stack that a record names by number.
 */
#include <string.h>

#include <liboomtrace.h>

#include "../common/format.h"
#include "stack.h"
#include "term.h"

/* The names of the functions, without offsets. */
void say_stack(const struct records *recs, unsigned int id)
{
	char text[OOMTRACE_STACK_TEXT + 1], clean[2 * OOMTRACE_STACK_TEXT];
	char names[OOMTRACE_STACK_TEXT + 1] = "", *at, *word, *save;
	const struct oomtrace_stack *stack;
	size_t i;

	if (!id)
		return;
	for (i = 0; i < recs->n; i++) {
		stack = (const void *)recs->rec[i];
		if (stack->h.type == OOMTRACE_STACK && stack->id == id)
			break;
	}
	if (i == recs->n)
		return;
	oomtrace_get_str(&stack->h, "text", text, sizeof(text));
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		at = strchr(word, '+');
		if (at)
			*at = '\0';
		if (*names)
			strcat(names, " ");
		strcat(names, word);
	}
	term_say("Stack", "%s", term_clean(clean, sizeof(clean), names));
}
