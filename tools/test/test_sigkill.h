/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_SIGKILL_H
#define OOMTRACE_TEST_SIGKILL_H

#define SIGKILL_TESTS	15

void test_sigkill(void);

#endif /* OOMTRACE_TEST_SIGKILL_H */
