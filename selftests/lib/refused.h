/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that are refused in a child, and their records. For tests of the
 * kselftest harness.
 */
#ifndef SELFTESTS_REFUSED_H
#define SELFTESTS_REFUSED_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "bytes.h"
#include "lib.h"
#include "test.h"

#define ONE(cause)	(1U << OOMTRACE_CAUSE_##cause)

FIXTURE(refused) {
	int fd;
	struct records recs;
};

/* The stats file at the begin of a test. */
static char *stats_before;

FIXTURE_SETUP(refused)
{
	module_keep("refusals=syscalls");
	/* A test that failed may have left them off. */
	if (spill(DEBUGFS "/enable", "1") || spill(DEBUGFS "/refusals", "syscalls"))
		die("cannot switch refusals on");
	stats_before = slurp(DEBUGFS "/stats", NULL);
	self->fd = device_open_at_end();
}

FIXTURE_TEARDOWN(refused)
{
	sysctl_restore();
	close(self->fd);
	EXPECT_ALL_INTENDED(&self->recs);
	records_free(&self->recs);
	free(stats_before);
}

static inline bool is_refused(const struct oomtrace_refused *rec, pid_t pid, unsigned int call)
{
	return rec->h.type == OOMTRACE_REFUSED && rec->pid == pid && rec->call == call;
}

/* The last record of a process about a call, or NULL. */
static inline const struct oomtrace_refused *
find_refused(const struct records *recs, pid_t pid, unsigned int call)
{
	const struct oomtrace_refused *found = NULL;
	size_t i;

	for (i = 0; i < recs->n; i++) {
		const struct oomtrace_refused *rec = &recs->r[i].refused;

		if (is_refused(rec, pid, call))
			found = rec;
	}
	return found;
}

/* The record of a child's call; fails the test if there is none or it has other causes. */
static inline const struct oomtrace_refused *
expect_causes(struct __test_metadata *_metadata, int fd, struct records *recs, pid_t pid,
	      unsigned int call, unsigned int causes)
{
	static const struct oomtrace_refused none;
	const struct oomtrace_refused *rec;

	device_drain(fd, recs);
	rec = find_refused(recs, pid, call);
	EXPECT_NE(NULL, rec) TH_LOG("no record of call %u", call);
	if (!rec)
		return &none;
	EXPECT_EQ(causes, rec->causes);
	EXPECT_EQ(pid, rec->tgid);
	EXPECT_TRUE(DERIVED(rec, refused, causes));
	EXPECT_TRUE(DERIVED(rec, refused, cause));
	if (has_stacks())
		EXPECT_TRUE(HAS(rec, refused, stack));
	return rec;
}

/* A call that is refused in a child. 0 if it was, with the error expected. */
#define EXPECT_REFUSED(fn, arg) ({				\
	pid_t pid_ = start_child(fn, arg);			\
	EXPECT_EQ(0, wait_child(pid_));				\
	pid_;							\
})

static inline void limit_to(int which, rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	if (setrlimit(which, &limit))
		die("setrlimit: %s", strerror(errno));
}

static inline void *map_anonymous(size_t bytes, int prot, int flags)
{
	return mmap(NULL, bytes, prot, MAP_ANONYMOUS | flags, -1, 0);
}

/* Maps read-write private memory: 0 if that fails with ENOMEM. */
static inline int map_refused(size_t bytes)
{
	void *at = map_anonymous(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	return at == MAP_FAILED && errno == ENOMEM ? 0 : 1;
}

/* For a child: exceeds RLIMIT_DATA by mmap. 0 if that is refused. */
static inline int exceed_data(void *unused)
{
	(void)unused;
	limit_to(RLIMIT_DATA, MB(64));
	/* Neither shared nor read-only memory is data. */
	if (map_anonymous(MB(128), PROT_READ | PROT_WRITE, MAP_SHARED) == MAP_FAILED ||
	    map_anonymous(MB(128), PROT_READ, MAP_PRIVATE) == MAP_FAILED)
		return 1;
	return map_refused(MB(128));
}

/* The number of a call's line in the text of a stats file. */
static inline unsigned long long read_count(const char *text, const char *call,
					    bool recorded)
{
	const char *at = strstr(text, "# refused");
	unsigned long long n[2];
	char line[256];

	line_with(at ? at : "", call, line, sizeof(line));
	if (sscanf(line, "%*s %llu %llu", &n[0], &n[1]) != 2)
		die("stats has no line for %s", call);
	return n[recorded];
}

/* How often a call was refused since the test began, or how often that was recorded. */
static inline unsigned long long count_in_stats(const char *call, bool recorded)
{
	char *text = slurp(DEBUGFS "/stats", NULL);
	unsigned long long n = read_count(text, call, recorded);

	free(text);
	return n - read_count(stats_before, call, recorded);
}

static inline unsigned long long count_refused(const char *call)
{
	return count_in_stats(call, false);
}

#endif /* SELFTESTS_REFUSED_H */
