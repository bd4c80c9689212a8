/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of tools/ share: TAP lines and constructed records.
 *
 * The functions under test are pure, from a record to text, so records made up
 * here are as good as the module's. What the module really writes is the
 * business of selftests/.
 */
#ifndef OOMTRACE_TEST_UTIL_H
#define OOMTRACE_TEST_UTIL_H

#include "../../common/format.h"

/* One line of TAP: a failing test prints both sides first. */
void check(bool ok, const char *name);
void check_text(const char *got, const char *want, const char *name);
void check_has(const char *got, const char *part, const char *name);
void check_hasnt(const char *got, const char *part, const char *name);

/* The plan, and the exit status. */
void plan(unsigned int tests);
int finish(void);

/* A record with all fields valid, and none of them set. */
#define RECORD(var, TYPE, type_)					\
	struct oomtrace_##type_ var = {					\
		.h = {							\
			.type = OOMTRACE_##TYPE,			\
			.size = sizeof(struct oomtrace_##type_),	\
			.seq = 1,					\
			.ts_ns = 12345678901ULL,			\
			.valid = OOMTRACE_ALL(type_),			\
		},							\
	}

#endif /* OOMTRACE_TEST_UTIL_H */
