/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest's harness as the selftests use it.
 */
#ifndef SELFTESTS_TEST_H
#define SELFTESTS_TEST_H

#include <kselftest_harness.h>

/* What checks itself, emulated, with busy neighbours, needs more than 30 s. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	240

/* Is this bit of text in that one? A failing test shows both. */
#define EXPECT_IN(needle, haystack)					\
	EXPECT_NE(NULL, strstr(haystack, needle))			\
		TH_LOG("'%s' is not in:\n%s", needle, haystack)

#endif /* SELFTESTS_TEST_H */
