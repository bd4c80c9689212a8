// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM that ends without a kill is recorded with its ending, and a
 * victim that does not exit by itself with the steps of the reaper. For a small
 * machine (256 MB), with the module that provokes OOMs: user space alone cannot
 * cause these cases reliably.
 *
 * Here a scene's @big is the task that the scene is about.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

static struct scene *freed, *nofs, *dying, *stuck, *agreed;

/* Calls of out_of_memory() in a scene, counted by ftrace. */
static unsigned long *calls;

static void __attribute__((constructor)) make_scenes(void)
{
	freed = scene_new();
	nofs = scene_new();
	dying = scene_new();
	stuck = scene_new();
	agreed = scene_new();
	calls = alloc_shared(sizeof(*calls));
}

#define NEED_PROVOKE()							\
	do {								\
		if (!provoke_load())					\
			SKIP(return, "the module that provokes OOMs was not built"); \
	} while (0)

/* More pages than the machine has. */
#define TOO_MANY	"1000000"

#define HELD		8000

/* The last repeat records are written within a second. */
#define REPEATS_MS		3500

/* The notifier frees what the module holds; only then is a task killed. */
static void play_freed(struct scene *s)
{
	struct hog big;
	char held[16];

	scene_start(s, NULL);
	snprintf(held, sizeof(held), "%d", HELD);
	if (spill(PROVOKE("hold"), held))
		die("cannot hold %d pages", HELD);
	hog_start(&big, "--comm big --grow 4096");
	s->big = big.pid;
	s->status = hog_wait(&big);
	scene_end(s);
	provoke_unload();
}

static int allocate_too_many(void *order)
{
	prctl(PR_SET_NAME, "grabber");
	return spill(order, TOO_MANY) ? 1 : 0;
}

static void play_nofs(struct scene *s)
{
	scene_start(s, NULL);
	s->big = start_child(allocate_too_many, PROVOKE("grab_nofs"));
	s->status = wait_child(s->big);
	sleep_ms(REPEATS_MS);
	scene_end(s);
	provoke_unload();
}

static void play_dying(struct scene *s)
{
	scene_start(s, NULL);
	s->big = start_child(allocate_too_many, PROVOKE("grab_dying"));
	s->status = wait_child(s->big);
	scene_end(s);
	provoke_unload();
}

/* How long the victim ignores signals: the reaper comes 2 s after the kill. */
#define DEAF_MS		"10000"

#define TRACING	"/sys/kernel/tracing"

/* ftrace counts the hits of its own event. */
static void count_calls(void)
{
	if (spill(TRACING "/kprobe_events", "p:oomtrace_test/calls out_of_memory") ||
	    spill(TRACING "/events/oomtrace_test/calls/enable", "1"))
		die("cannot count calls with ftrace");
}

static unsigned long counted_calls(void)
{
	char *text = slurp(TRACING "/kprobe_profile", NULL), line[128];
	unsigned long n;

	line_with(text, "calls", line, sizeof(line));
	free(text);
	n = strtoul(line + strcspn(line, "0123456789"), NULL, 10);
	spill(TRACING "/events/oomtrace_test/calls/enable", "0");
	spill(TRACING "/kprobe_events", "-:oomtrace_test/calls");
	return n;
}

/* The victim cannot react to SIGKILL; another task of its cgroup allocates. */
static void play_stuck(struct scene *s)
{
	struct hog deaf, other;

	/* A small ring, which retries must not fill. */
	scene_start(s, "oom_buffer_kb=64");
	count_calls();
	memcg_make(&s->cg, "stuck", MB(24));
	hog_start(&deaf, "--cgroup %s --comm deaf --anon 13 --go --put %s=%s",
		  s->cg.dir, PROVOKE("stall_ms"), DEAF_MS);
	hog_ready(&deaf);
	hog_go(&deaf);
	sleep_ms(300);
	hog_start(&other, "--cgroup %s --comm other --grow 64", s->cg.dir);
	s->big = deaf.pid;
	s->small = other.pid;
	hog_wait(&other);
	s->status = hog_wait(&deaf);
	*calls = counted_calls();
	sleep_ms(REPEATS_MS);
	scene_end(s);
	memcg_remove(&s->cg);
	provoke_unload();
}

static int switch_off(void *unused)
{
	(void)unused;
	return spill(DEBUGFS "/enable", "0") ? 1 : 0;
}

static bool calls_hook_of(const char *function)
{
	char *text = slurp(TRACING "/enabled_functions", NULL), line[64];
	bool yes;

	snprintf(line, sizeof(line), "\n%s ", function);
	yes = strstr(text, line) || !strncmp(text, line + 1, strlen(line + 1));
	free(text);
	return yes;
}

/* The hook of the kill goes before that of the mark, and the OOM goes on between. */
TEST(switching_off_amid_an_oom_makes_no_kill_look_like_none)
{
	struct records recs = { };
	const union record *r;
	struct hog big;
	pid_t child;
	size_t i;
	int fd;

	NEED_PROVOKE();
	module_start(NULL);
	fd = device_open();
	ASSERT_EQ(0, spill(PROVOKE("pause_ms"), "60000"));
	hog_start(&big, "--comm big --anon 16 --adj 1000 --hold");
	hog_ready(&big);
	/* Without memory this test could not go on. */
	ASSERT_EQ(0, spill("/proc/sysrq-trigger", "f"));
	ASSERT_TRUE(device_wait(fd, &recs, OOMTRACE_OOM_BEGIN, 1));
	EXPECT_TRUE(calls_hook_of("oom_kill_process"));
	child = start_child(switch_off, NULL);
	while (calls_hook_of("oom_kill_process"))
		sleep_ms(1);
	EXPECT_EQ(0, spill(PROVOKE_RELEASE, "1"));
	EXPECT_EQ(128 + SIGKILL, hog_wait(&big));
	EXPECT_EQ(0, wait_child(child));
	device_drain(fd, &recs);
	if (!records_count(&recs, OOMTRACE_VICTIM))
		TH_LOG("the hook of the mark was off before the kill");
	for (i = 0; (r = records_get(&recs, OOMTRACE_VICTIM, i)); i++)
		EXPECT_NE(OOMTRACE_WHY_CALLER_EXITING, r->victim.why);
	records_free(&recs);
	close(fd);
	provoke_unload();
	module_stop();
}

TEST(memory_freed_by_a_notifier_is_recorded_with_its_size)
{
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_oom_end *end;
	size_t at = 0;

	NEED_PROVOKE();
	scene_play(freed, play_freed);
	EXPECT_EQ(128 + SIGKILL, freed->status);
	end = scene_next_ending(freed, &at, OOMTRACE_ENDING_NOTIFIER_FREED, &begin);
	ASSERT_NE(NULL, end) TH_LOG("%s", freed->log);
	EXPECT_EQ(begin->episode, end->episode);
	EXPECT_TRUE(HAS(end, oom_end, notifier_freed));
	EXPECT_EQ(HELD, end->notifier_freed);
	EXPECT_EQ(0, end->victims);
	EXPECT_EQ(0, end->candidates);
	EXPECT_EQ(0, scene_count(freed, OOMTRACE_VERDICT, end->episode));
	/*
	 * The held pages are gone: now a task is killed, and no notifier helps.
	 */
	end = scene_next_ending(freed, &at, OOMTRACE_ENDING_KILLED, &begin);
	ASSERT_NE(NULL, end);
	EXPECT_TRUE(HAS(end, oom_end, notifier_freed));
	EXPECT_EQ(0, end->notifier_freed);
	scene_check_episodes(_metadata, &freed->recs);
	scene_check_kills(_metadata, freed, 64);
}

#define GFP_FS	0x80u

TEST(a_request_without_gfp_fs_kills_no_task)
{
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_oom_end *end;
	const struct oomtrace_repeat *r;
	size_t at = 0, i;
	int n = 0;

	NEED_PROVOKE();
	scene_play(nofs, play_nofs);
	EXPECT_EQ(0, nofs->status);
	while ((end = scene_next_ending(nofs, &at, OOMTRACE_ENDING_NO_FS, &begin))) {
		EXPECT_EQ(begin->episode, end->episode);
		EXPECT_EQ(0, begin->gfp & GFP_FS);
		EXPECT_EQ(0, end->victims);
		EXPECT_EQ(0, end->candidates);
		EXPECT_EQ(0, end->notifier_freed);
		n += begin->tgid == nofs->big;
	}
	/*
	 * One is an episode of its own, the others are counted in repeat
	 * records.
	 */
	EXPECT_LE(1, n);
	for (i = 0; i < nofs->recs.n; i++) {
		r = &nofs->recs.r[i].repeat;
		if (r->h.type != OOMTRACE_REPEAT)
			continue;
		EXPECT_EQ(OOMTRACE_ENDING_NO_FS, r->ending);
		EXPECT_FALSE(HAS(r, repeat, memcg_id));
		EXPECT_FALSE(HAS(r, repeat, victim_pid));
		n += r->count;
	}
	/* As many as the module's PATIENCE, after which the notifier helps. */
	EXPECT_EQ(5, n) TH_LOG("%s", nofs->log);
	at = 0;
	end = scene_next_ending(nofs, &at, OOMTRACE_ENDING_NOTIFIER_FREED, &begin);
	ASSERT_NE(NULL, end);
	EXPECT_EQ(1024, end->notifier_freed);
	scene_check_episodes(_metadata, &nofs->recs);
}

TEST(a_dying_task_gets_the_reserves_and_no_task_is_chosen)
{
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	size_t at = 0, i;

	NEED_PROVOKE();
	scene_play(dying, play_dying);
	EXPECT_EQ(128 + SIGKILL, dying->status);
	end = scene_next_ending(dying, &at, OOMTRACE_ENDING_CALLER_EXITING, &begin);
	ASSERT_NE(NULL, end) TH_LOG("%s", dying->log);
	EXPECT_EQ(dying->big, begin->tgid);
	EXPECT_EQ(1, end->victims);
	EXPECT_EQ(0, end->candidates);
	EXPECT_EQ(0, scene_count(dying, OOMTRACE_VERDICT, end->episode));
	victim = NULL;
	for (i = 0; i < dying->recs.n; i++)
		if (dying->recs.r[i].h.type == OOMTRACE_VICTIM &&
		    dying->recs.r[i].victim.episode == end->episode)
			victim = &dying->recs.r[i].victim;
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(dying->big, victim->pid);
	EXPECT_EQ(OOMTRACE_WHY_CALLER_EXITING, victim->why);
	/* The kernel logs nothing about this case. */
	EXPECT_EQ(NULL, strstr(dying->log, "Killed process"));
	EXPECT_EQ(NULL, strstr(dying->log, "invoked oom-killer"));
	scene_check_episodes(_metadata, &dying->recs);
}

/*
 * The first call of out_of_memory() does nothing and returns true; the second kills. In
 * a cgroup: on the whole machine, the kernel asks its notifiers before any policy.
 */
static void play_agreed(struct scene *s)
{
	struct hog big;

	/* oomtrace is loaded after it, so that its probe is called first. */
	module_unload();
	if (spill(PROVOKE("refuse"), "out_of_memory 1 true"))
		die("cannot make out_of_memory() do nothing");
	scene_start(s, NULL);
	memcg_make(&s->cg, "agreed", MB(24));
	hog_start(&big, "--cgroup %s --comm big --grow 64", s->cg.dir);
	s->big = big.pid;
	s->status = hog_wait(&big);
	scene_end(s);
	memcg_remove(&s->cg);
	/* First, since some kernels disarm the wrong probe of two at one function. */
	module_unload();
	provoke_unload();
}

TEST(memory_freed_by_a_policy_is_no_missing_return)
{
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_oom_end *end;
	size_t at = 0;

	NEED_PROVOKE();
	if (access(PROVOKE("refuse"), W_OK))
		SKIP(return, "the module that provokes OOMs cannot make calls fail here");
	scene_play(agreed, play_agreed);
	EXPECT_EQ(128 + SIGKILL, agreed->status);
	end = scene_next_ending(agreed, &at, OOMTRACE_ENDING_POLICY_FREED, &begin);
	ASSERT_NE(NULL, end) TH_LOG("%s", agreed->log);
	EXPECT_EQ(begin->episode, end->episode);
	EXPECT_EQ(0, end->victims);
	EXPECT_EQ(0, end->candidates);
	EXPECT_EQ(0, scene_count(agreed, OOMTRACE_VERDICT, end->episode));
	end = scene_next_ending(agreed, &at, OOMTRACE_ENDING_KILLED, &begin);
	ASSERT_NE(NULL, end);
	scene_check_episodes(_metadata, &agreed->recs);
}

/* ---- a victim that does not die ---- */

TEST(a_victim_still_dying_aborts_the_scan)
{
	const struct oomtrace_candidate *c;
	const struct oomtrace_oom_begin *begin = NULL;
	const struct oomtrace_oom_end *end;
	size_t at = 0;
	int n = 0;

	NEED_PROVOKE();
	scene_play(stuck, play_stuck);
	EXPECT_EQ(128 + SIGKILL, stuck->status);
	while ((end = scene_next_ending(stuck, &at, OOMTRACE_ENDING_SCAN_ABORTED, &begin))) {
		n++;
		EXPECT_EQ(begin->episode, end->episode);
		EXPECT_EQ(0, end->victims);
		EXPECT_EQ(0, scene_count(stuck, OOMTRACE_VERDICT, end->episode));
		c = scene_candidate(stuck, end->episode, stuck->big);
		ASSERT_NE(NULL, c);
		EXPECT_EQ(OOMTRACE_EVAL_ABORT, c->verdict);
		EXPECT_EQ(OOMTRACE_REASON_IN_FLIGHT, c->reason);
		/* The scan stops there. */
		EXPECT_EQ(end->candidates, c->index + 1);
	}
	EXPECT_LE(1, n) TH_LOG("%s", stuck->log);
	scene_check_episodes(_metadata, &stuck->recs);
	scene_check_kills(_metadata, stuck, 0);
}

/* The reaper comes after 2 s, and one episode a second is recorded. */
TEST(tasks_that_wait_for_a_dying_victim_are_counted_and_fill_no_ring)
{
	const struct oomtrace_repeat *r = NULL, *rep;
	const struct oomtrace_oom_end *end;
	unsigned long episodes = 0, counted = 0;
	int aborted = 0;
	size_t i;

	NEED_PROVOKE();
	scene_play(stuck, play_stuck);
	for (i = 0; i < stuck->recs.n; i++) {
		rep = &stuck->recs.r[i].repeat;
		end = &stuck->recs.r[i].end;
		episodes += rep->h.type == OOMTRACE_OOM_END;
		aborted += end->h.type == OOMTRACE_OOM_END &&
			   end->ending == OOMTRACE_ENDING_SCAN_ABORTED;
		if (rep->h.type != OOMTRACE_REPEAT)
			continue;
		r = rep;
		counted += r->count;
		EXPECT_EQ(OOMTRACE_ENDING_SCAN_ABORTED, r->ending);
		EXPECT_EQ(stuck->big, r->victim_pid);
		EXPECT_EQ(stuck->cg.id, r->memcg_id);
		EXPECT_LE(r->first_ns, r->last_ns);
		EXPECT_LE(r->last_ns, r->h.ts_ns);
		EXPECT_GE(r->first_ns + 2500000000ULL, r->h.ts_ns);
	}
	fprintf(stderr, "# out_of_memory() was called %lu times: %lu episodes (%d scans aborted) + %lu repeats; %zu records\n",
		*calls, episodes, aborted, counted, stuck->recs.n);
	ASSERT_NE(NULL, r);
	/* ftrace counts the same number of calls. */
	EXPECT_EQ(*calls, episodes + counted);
	EXPECT_LT(10, counted);
	EXPECT_GE(10, aborted);
}

/* The record has pages of 4 KiB, the log kB. */
static void check_reaped(struct __test_metadata *_metadata,
			 const struct oomtrace_reap *r, const char *line)
{
	long anon, file, shmem;
	const char *at = strstr(line, "now anon-rss:");
	int n;

	ASSERT_NE(NULL, at);
	n = sscanf(at, "now anon-rss:%ldkB, file-rss:%ldkB, shmem-rss:%ldkB",
		   &anon, &file, &shmem);
	ASSERT_EQ(3, n);
	EXPECT_EQ(anon, 4 * r->rss_anon);
	EXPECT_EQ(file, 4 * r->rss_file);
	EXPECT_EQ(shmem, 4 * r->rss_shmem);
}

TEST(each_step_of_the_reaper_is_recorded)
{
	const struct oomtrace_reap *queued, *start, *finish, *left;
	char what[64], line[512];

	NEED_PROVOKE();
	scene_play(stuck, play_stuck);
	queued = scene_find_reap(stuck, stuck->big, OOMTRACE_STEP_QUEUED);
	start = scene_find_reap(stuck, stuck->big, OOMTRACE_STEP_START);
	finish = scene_find_reap(stuck, stuck->big, OOMTRACE_STEP_FINISH);
	left = scene_find_reap(stuck, stuck->big, OOMTRACE_STEP_EXITED);
	ASSERT_NE(NULL, queued);
	ASSERT_NE(NULL, start);
	ASSERT_NE(NULL, finish);
	ASSERT_NE(NULL, left);
	/* 2 * HZ in jiffies, of which the first may be short. */
	EXPECT_LE(1990000000ULL, queued->since_kill_ns);
	EXPECT_LE(queued->since_kill_ns, start->since_kill_ns);
	EXPECT_LE(start->since_kill_ns, finish->since_kill_ns);
	EXPECT_LE(finish->since_kill_ns, left->since_kill_ns);
	EXPECT_GT(20000000000ULL, left->since_kill_ns);
	/* It held 13 MiB, nearly all of which the reaper freed. */
	EXPECT_LE(12 * 256, start->rss_anon);
	EXPECT_GE(256, finish->rss_anon);
	snprintf(what, sizeof(what), "reaped process %d (deaf)", stuck->big);
	line_with(stuck->log, what, line, sizeof(line));
	ASSERT_NE(0, line[0]) TH_LOG("%s", stuck->log);
	check_reaped(_metadata, finish, line);
}

TEST(a_reaped_task_is_ineligible_for_that_reason)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_candidate *c;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;

	NEED_PROVOKE();
	scene_play(stuck, play_stuck);
	ASSERT_TRUE(scene_find(stuck, stuck->small, &begin, &verdict, &victim,
			       &end)) TH_LOG("%s", stuck->log);
	c = scene_candidate(stuck, begin->episode, stuck->big);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(OOMTRACE_EVAL_INELIGIBLE, c->verdict);
	EXPECT_EQ(OOMTRACE_REASON_OOM_SKIP, c->reason);
	EXPECT_EQ(2, stuck->oom_kills);
	scene_check_report(_metadata, stuck, stuck->big);
	scene_check_report(_metadata, stuck, stuck->small);
}

TEST_HARNESS_MAIN
