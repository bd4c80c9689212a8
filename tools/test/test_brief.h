/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_BRIEF_H
#define OOMTRACE_TEST_BRIEF_H

#define BRIEF_TESTS	18

void test_brief(void);

#endif /* OOMTRACE_TEST_BRIEF_H */
