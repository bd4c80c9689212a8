/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_REMAINS_H
#define OOMTRACE_TEST_REMAINS_H

#define REMAINS_TESTS	8

void test_remains(void);

#endif /* OOMTRACE_TEST_REMAINS_H */
