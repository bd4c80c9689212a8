/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_HISTORY_H
#define OOMTRACE_TEST_HISTORY_H

#define HISTORY_TESTS	18

void test_history(void);

#endif /* OOMTRACE_TEST_HISTORY_H */
