/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_WHEN_H
#define OOMTRACE_TEST_WHEN_H

#define WHEN_TESTS	12

void test_when(void);

#endif /* OOMTRACE_TEST_WHEN_H */
