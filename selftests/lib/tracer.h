/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own tracers, set on functions that oomtrace hooks as well, and
 * what they wrote.
 * tracer.c has it.
 */
#ifndef SELFTESTS_TRACER_H
#define SELFTESTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How a function is hooked now: the second word of its line in hooks. */
void hook_kind(const char *function, char kind[32]);

/* Trace these functions, up to NULL; false: there is no such tracer. */
bool tracer_start(const char *tracer, const char *const *functions);
/* How many lines of the trace have this word, but as the caller's name. */
size_t tracer_lines(const char *word);
void tracer_stop(void);
/* Empty the trace. */
void tracer_forget(void);

/*
 * Cut a text of the trace off before the event oom:mark_victim of a process;
 * false: it has none. A victim may try once more before it dies: what led to its
 * death ends there.
 */
bool tracer_cut_at_kill(char *trace, pid_t pid);

#endif /* SELFTESTS_TRACER_H */
