/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_KEPT_H
#define OOMTRACE_TEST_KEPT_H

#define KEPT_TESTS	28

void test_kept(void);

#endif /* OOMTRACE_TEST_KEPT_H */
