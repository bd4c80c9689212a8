/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs the oomtrace command in a directory of its own, for tests of its output.
 */
#ifndef OOMTRACE_TEST_COMMAND_H
#define OOMTRACE_TEST_COMMAND_H

#include <stddef.h>

#define OUT_MAX	(1 << 20)

/* The output of the last command. */
extern char out[OUT_MAX];

/* Run a shell command. Returns its exit status. */
int run(const char *cmd);

/* Run, and expect an exit status and a part of the output. */
void expect(const char *cmd, int status, const char *part, const char *name);

/* Append to a file. */
void save(const char *file, const void *data, size_t size);

#endif /* OOMTRACE_TEST_COMMAND_H */
