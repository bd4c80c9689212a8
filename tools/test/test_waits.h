/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_WAITS_H
#define OOMTRACE_TEST_WAITS_H

#define WAITS_TESTS	6

void test_waits(void);

#endif /* OOMTRACE_TEST_WAITS_H */
