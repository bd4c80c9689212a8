/* SPDX-License-Identifier: GPL-2.0 */
#ifndef OOMTRACE_TEST_FUZZ_H
#define OOMTRACE_TEST_FUZZ_H

#define FUZZ_TESTS	3

void test_fuzz(void);

#endif /* OOMTRACE_TEST_FUZZ_H */
