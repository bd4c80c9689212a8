/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_JOURNAL_H
#define OOMTRACE_TEST_JOURNAL_H

#define JOURNAL_TESTS	55

void test_journal(void);

#endif /* OOMTRACE_TEST_JOURNAL_H */
