/* SPDX-License-Identifier: GPL-2.0 */
/* kselftest's harness with the selftests' defaults. */
#ifndef SELFTESTS_TEST_H
#define SELFTESTS_TEST_H

#include <kselftest_harness.h>

/* A debug kernel on an emulated, busy machine needs more than 30 s. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	240

/* A text contains another; a failure prints both. */
#define EXPECT_IN(needle, haystack)					\
	EXPECT_NE(NULL, strstr(haystack, needle))			\
		TH_LOG("'%s' is not in:\n%s", needle, haystack)

#endif /* SELFTESTS_TEST_H */
