/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_ACCOUNT_H
#define OOMTRACE_TEST_ACCOUNT_H

#define ACCOUNT_TESTS	29

void test_account(void);

#endif /* OOMTRACE_TEST_ACCOUNT_H */
