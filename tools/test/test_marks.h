/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_MARKS_H
#define OOMTRACE_TEST_MARKS_H

#define MARKS_TESTS	8

void test_marks(void);

#endif /* OOMTRACE_TEST_MARKS_H */
