// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: of a scan that stops at a dying victim, the record of that victim is kept,
 * however many tasks the kernel looked at before. With the module that provokes OOMs: the
 * victims ignore SIGKILL for some seconds.
 *
 * Here a scene's @big is the victim at which the scan stops.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/crowd.h"
#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

static struct scene *hidden, *two;

static void __attribute__((constructor)) make_scenes(void)
{
	hidden = scene_new();
	two = scene_new();
}

#define NEED_PROVOKE()								\
	do {									\
		if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))		\
			SKIP(return, "no cgroup v2 memory controller");		\
		if (!provoke_load())						\
			SKIP(return, "the module that provokes OOMs was not built"); \
	} while (0)

#define DEAF_MS		"10000"

/* The smallest ring of candidates has 64 slots. */
#define ALIKE	120

static void gather_in(const struct memcg *cg)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	memcg_set(cg, "cgroup.procs", pid);
	crowd_gather(ALIKE, 1, true);
	if (spill("/sys/fs/cgroup/cgroup.procs", pid))
		die("cannot leave the cgroup");
}

/* @how: it waits in the kernel, with its address space locked (lock_ms) or not. */
static void start_deaf(struct hog *deaf, const struct memcg *cg, int adj, const char *how)
{
	hog_start(deaf, "--cgroup %s --comm deaf --adj %d --anon 13 --go --put %s=%s", cg->dir,
		  adj, how, DEAF_MS);
	hog_ready(deaf);
	hog_go(deaf);
	sleep_ms(300);
}

/* Nearly: a process must be able to start. */
static void limit_to_usage(const struct memcg *cg)
{
	char text[160], *usage;

	snprintf(text, sizeof(text), "%s/memory.current", cg->dir);
	usage = slurp(text, NULL);
	snprintf(text, sizeof(text), "%lu", strtoul(usage, NULL, 10) + MB(4));
	free(usage);
	memcg_set(cg, "memory.max", text);
}

/* The kernel meets the victim after a crowd whose members have equal points. */
static void play_hidden(struct scene *s)
{
	struct hog deaf, other;

	scene_start(s, "candidate_buffer_kb=16");
	memcg_make(&s->cg, "hidden", MB(160));
	gather_in(&s->cg);
	start_deaf(&deaf, &s->cg, 1000, PROVOKE("stall_ms"));
	limit_to_usage(&s->cg);
	hog_start(&other, "--cgroup %s --comm other --grow 8", s->cg.dir);
	s->big = deaf.pid;
	s->small = other.pid;
	hog_wait(&other);
	if (spill(PROVOKE_RELEASE, "1"))
		die("cannot wake the victim");
	s->status = hog_wait(&deaf);
	/* Its members have the device open. */
	crowd_disperse();
	scene_end(s);
	memcg_remove(&s->cg);
	provoke_unload();
}

TEST(a_full_ring_has_the_candidate_that_aborts_the_scan)
{
	const struct oomtrace_oom_end *end, *last = NULL;
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_candidate *c;
	size_t at = 0;

	NEED_PROVOKE();
	scene_play(hidden, play_hidden);
	EXPECT_EQ(128 + SIGKILL, hidden->status);
	while ((end = scene_next_ending(hidden, &at, OOMTRACE_ENDING_SCAN_ABORTED, &begin)))
		last = end;
	ASSERT_NE(NULL, last) TH_LOG("%s", hidden->log);
	EXPECT_LT(ALIKE, last->candidates);
	EXPECT_LT(0, last->missed);
	c = scene_candidate(hidden, last->episode, hidden->big);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(OOMTRACE_EVAL_ABORT, c->verdict);
	EXPECT_EQ(last->candidates, c->index + 1);
	EXPECT_EQ(last->candidates,
		  scene_count(hidden, OOMTRACE_CANDIDATE, last->episode) + last->missed);
}

static int limit_to_one_page(void *cg)
{
	memcg_set(cg, "memory.max", "4096");
	return 0;
}

/*
 * While a task waits for one victim, another one dies, which the kernel meets before that
 * one and after a crowd: it looks at the children of a cgroup in the order of their birth.
 */
static void play_two(struct scene *s)
{
	struct memcg crowd, first, last;
	struct hog deaf[2], other;
	pid_t child;

	scene_start(s, NULL);
	memcg_make(&s->cg, "two", MB(160));
	memcg_set(&s->cg, "cgroup.subtree_control", "+memory");
	memcg_make(&crowd, "two/crowd", MB(160));
	memcg_make(&first, "two/first", MB(160));
	memcg_make(&last, "two/last", MB(160));
	gather_in(&crowd);
	start_deaf(&deaf[0], &first, 0, PROVOKE("lock_ms"));
	start_deaf(&deaf[1], &last, 1000, PROVOKE("lock_ms"));
	limit_to_usage(&s->cg);
	hog_start(&other, "--cgroup %s --comm other --grow 8", last.dir);
	/* The reaper gives up after a second of attempts, which begin at once before 6.1. */
	sleep_ms(300);
	child = start_child(limit_to_one_page, &first);
	s->big = deaf[0].pid;
	s->small = deaf[1].pid;
	sleep_ms(500);
	if (spill(PROVOKE_RELEASE, "1"))
		die("cannot wake the victims");
	hog_wait(&deaf[0]);
	s->status = hog_wait(&deaf[1]);
	hog_wait(&other);
	wait_child(child);
	crowd_disperse();
	scene_end(s);
	memcg_remove(&crowd);
	memcg_remove(&first);
	memcg_remove(&last);
	memcg_remove(&s->cg);
	provoke_unload();
}

static bool stops_at(const struct scene *s, unsigned long long episode, pid_t pid)
{
	const struct oomtrace_candidate *c = scene_candidate(s, episode, pid);

	return c && c->verdict == OOMTRACE_EVAL_ABORT;
}

TEST(a_long_scan_that_stops_at_another_victim_names_it)
{
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_oom_end *end;
	size_t at = 0;
	int others = 0;

	NEED_PROVOKE();
	scene_play(two, play_two);
	EXPECT_EQ(128 + SIGKILL, two->status);
	while ((end = scene_next_ending(two, &at, OOMTRACE_ENDING_SCAN_ABORTED, &begin))) {
		if (begin->memcg_id != two->cg.id)
			continue;
		EXPECT_LT(ALIKE, end->candidates);
		EXPECT_TRUE(stops_at(two, end->episode, two->big) ||
			    stops_at(two, end->episode, two->small))
			TH_LOG("%s", two->log);
		others += stops_at(two, end->episode, two->big);
	}
	EXPECT_LT(0, others)
		TH_LOG("%s", two->log);
}

TEST_HARNESS_MAIN
