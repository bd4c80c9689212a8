// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM confined to memory nodes by a memory policy or a cpuset is
 * recorded as such: its constraint, the size by which points are scaled, and
 * the tasks skipped because their memory is elsewhere. For a machine with two
 * nodes (scripts/vm --numa 2).
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

static struct scene *policy, *cpuset;

static void __attribute__((constructor)) make_scenes(void)
{
	policy = scene_new();
	cpuset = scene_new();
}

static bool have_nodes(void)
{
	return !access("/sys/devices/system/node/node1/meminfo", R_OK);
}

#define NEED_NODES()							\
	do {								\
		if (!have_nodes())					\
			SKIP(return, "this machine has only one memory node"); \
	} while (0)

/* One hog holds memory on node 0, one grows on node 1. */
static void play_policy(struct scene *s)
{
	struct hog here, there;

	hog_start(&here, "--comm here --membind 0 --anon 20 --hold");
	scene_start_pair(s, &here, &there, "--comm there --membind 1");
	s->status = hog_wait(&there);
	scene_end(s);
	hog_kill(&here);
}

/* The cgroup is limited by its memory nodes alone. */
static void make_cpuset(struct memcg *cg, const char *name, const char *mems)
{
	memcg_make(cg, name, MB(4096));
	memcg_set(cg, "cpuset.mems", mems);
}

static void play_cpuset(struct scene *s)
{
	struct hog here, there;
	struct memcg cg;
	char options[256];

	make_cpuset(&cg, "node0", "0");
	make_cpuset(&s->cg, "node1", "1");
	hog_start(&here, "--comm here --cgroup %s --anon 20 --hold", cg.dir);
	snprintf(options, sizeof(options), "--comm there --cgroup %s", s->cg.dir);
	scene_start_pair(s, &here, &there, options);
	s->status = hog_wait(&there);
	scene_end(s);
	hog_kill(&here);
	memcg_remove(&s->cg);
	memcg_remove(&cg);
}

/* node_present_pages(): the sum over the zones in /proc/zoneinfo. */
static unsigned long long present_pages(int node)
{
	char *text = slurp("/proc/zoneinfo", NULL), *line, *save;
	unsigned long long n, sum = 0;
	int at = -1;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "Node %d, zone", &at) == 1)
			continue;
		if (at == node && sscanf(line, " present %llu", &n) == 1)
			sum += n;
	}
	free(text);
	return sum;
}

static void check_confined(struct __test_metadata *_metadata,
			   const struct scene *s, unsigned int constraint,
			   const char *name)
{
	const struct oomtrace_candidate *c;
	struct scene_oom oom;

	EXPECT_EQ(128 + SIGKILL, s->status);
	scene_load_oom(_metadata, &oom, s, s->big);
	EXPECT_EQ(OOMTRACE_SCOPE_GLOBAL, oom.begin->scope);
	EXPECT_EQ(constraint, oom.verdict->constraint);
	EXPECT_STREQ(name, oom.report.constraint);
	EXPECT_EQ(present_pages(1) + meminfo("SwapTotal") / PAGE_KB,
		  oom.verdict->totalpages);
	EXPECT_FALSE(HAS(oom.verdict, verdict, memcg_id));
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, oom.end->ending);

	/*
	 * Killing the task on the other node would not help: not in the table.
	 */
	c = scene_candidate(s, oom.begin->episode, s->small);
	ASSERT_NE(NULL, c);
	EXPECT_EQ(OOMTRACE_EVAL_INELIGIBLE, c->verdict);
	EXPECT_EQ(OOMTRACE_REASON_CPUSET, c->reason);
	EXPECT_TRUE(DERIVED(c, candidate, reason));
	EXPECT_FALSE(HAS(c, candidate, points));
	EXPECT_EQ(NULL, report_row(&oom.report, s->small));
	EXPECT_NE(NULL, report_row(&oom.report, s->big));

	scene_check_points(_metadata, s, oom.begin->episode, oom.verdict->totalpages);
	scene_check_choice(_metadata, s, oom.verdict);
	scene_check_episodes(_metadata, &s->recs);
	scene_check_kills(_metadata, s, 64);
	scene_check_report(_metadata, s, s->big);
}

TEST(an_oom_of_a_memory_policys_nodes_has_that_constraint)
{
	NEED_NODES();
	scene_play(policy, play_policy);
	check_confined(_metadata, policy, OOMTRACE_CONSTRAINT_MEMORY_POLICY,
		       "MEMORY_POLICY");
}

TEST(an_oom_of_a_cpusets_nodes_has_that_constraint)
{
	NEED_NODES();
	scene_play(cpuset, play_cpuset);
	check_confined(_metadata, cpuset, OOMTRACE_CONSTRAINT_CPUSET,
		       "CPUSET");
}

TEST_HARNESS_MAIN
