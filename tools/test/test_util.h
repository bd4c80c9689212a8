/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the tests: TAP lines and constructed records.
 *
 * The functions under test are pure, so constructed records are as good as those
 * of the module. The selftests check the records of the module.
 */
#ifndef OOMTRACE_TEST_UTIL_H
#define OOMTRACE_TEST_UTIL_H

#include "../../common/format.h"

/* Print a TAP line. A failing test prints both sides first. */
void check(bool ok, const char *name);
void check_text(const char *got, const char *want, const char *name);
void check_has(const char *got, const char *part, const char *name);
void check_hasnt(const char *got, const char *part, const char *name);

/* Print the plan; print the summary and return the exit status. */
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
