/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own tracers, on functions that oomtrace hooks as well. */
#ifndef SELFTESTS_TRACER_H
#define SELFTESTS_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The function that an OOM's scan calls: some compilers split oom_badness(). */
const char *badness_function(void);

/* How a function is hooked: the second word of its line in hooks. */
void hook_kind(const char *function, char kind[32]);

/* Trace these functions, up to NULL; false if the tracer does not exist. */
bool tracer_start(const char *tracer, const char *const *functions);
/* The number of trace lines with this word, other than as the caller. */
size_t tracer_lines(const char *word);
void tracer_stop(void);
/* Clear the trace. */
void tracer_forget(void);

/*
 * Cut the text of a trace at the mark_victim event of a process; false if there
 * is none. A victim may allocate once more before it dies, so later events do
 * not belong to its OOM.
 */
bool tracer_cut_at_kill(char *trace, pid_t pid);

#endif /* SELFTESTS_TRACER_H */
