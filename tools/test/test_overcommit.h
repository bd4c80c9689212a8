/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_OVERCOMMIT_H
#define OOMTRACE_TEST_OVERCOMMIT_H

#define OVERCOMMIT_TESTS	17

void test_overcommit(void);

#endif /* OOMTRACE_TEST_OVERCOMMIT_H */
