/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_PLAIN_H
#define OOMTRACE_TEST_PLAIN_H

#define PLAIN_TESTS	41

void test_plain(void);

#endif /* OOMTRACE_TEST_PLAIN_H */
