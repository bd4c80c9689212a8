/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_LIMITS_H
#define OOMTRACE_TEST_LIMITS_H

#define LIMITS_TESTS	30

void test_limits(void);

#endif /* OOMTRACE_TEST_LIMITS_H */
