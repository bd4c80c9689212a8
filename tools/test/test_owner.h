/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_OWNER_H
#define OOMTRACE_TEST_OWNER_H

#define OWNER_TESTS	77

void test_owner(void);

#endif /* OOMTRACE_TEST_OWNER_H */
