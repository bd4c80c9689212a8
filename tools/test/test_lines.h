/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_LINES_H
#define OOMTRACE_TEST_LINES_H

#define LINES_TESTS	3

void test_lines(void);

#endif /* OOMTRACE_TEST_LINES_H */
