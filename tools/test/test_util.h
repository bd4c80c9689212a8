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

/*
 * A group of tests in a file of its own, and how many there are: test_story.c,
 * test_fuzz.c, test_replay.c, test_overcommit.c, test_savefile.c,
 * test_metrics.c, test_journal.c, test_history.c, test_cli.c.
 */
void test_story(void);
void test_replay(void);
void test_overcommit(void);
void test_savefile(void);
void test_metrics(void);
void test_journal(void);
void test_history(void);
void test_fuzz(void);
void test_cli(void);
/* Save an OOM and samples in a file. */
void save_example(const char *file);
#define STORY_TESTS	80
#define FUZZ_TESTS	3
#define REPLAY_TESTS	25
#define OVERCOMMIT_TESTS 17
#define SAVEFILE_TESTS	18
#define METRICS_TESTS	39
#define JOURNAL_TESTS	22
#define HISTORY_TESTS	3
#define CLI_TESTS	71

#endif /* OOMTRACE_TEST_UTIL_H */
