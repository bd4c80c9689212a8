/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_CLI_H
#define OOMTRACE_TEST_CLI_H

#define CLI_TESTS	139

void test_cli(void);

/* Save an OOM and samples in a file. */
void save_example(const char *file);

#endif /* OOMTRACE_TEST_CLI_H */
