// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: an OOM confined to memory nodes by a memory policy or a cpuset is
 * recorded as such: its constraint, the size by which points are scaled, the
 * tasks skipped because their memory is elsewhere, and the zones that it may use
 * beside those that it may not. For a machine with two nodes (scripts/vm --numa 2).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"
#include "lib/zone_check.h"

static struct scene *policy, *cpuset;

/* The explanations of a scene's episodes, in memory that the tests share. */
struct stories {
	char text[1 << 16];
};
static struct stories *stories;

static void __attribute__((constructor)) make_scenes(void)
{
	policy = scene_new();
	cpuset = scene_new();
	stories = alloc_shared(2 * sizeof(*stories));
}

/* Explain each episode of the scene, while the module is loaded. */
static void keep_stories(struct stories *st)
{
	FILE *f = popen("for n in 1 2 3 4 5; do oomtrace last $n; oomtrace last -v $n; "
			"done 2>/dev/null", "r");

	if (!f)
		die("cannot run oomtrace");
	st->text[fread(st->text, 1, sizeof(st->text) - 1, f)] = '\0';
	pclose(f);
}

/* The explanation of the episode that killed a process. The caller frees it. */
static char *story_of(const struct stories *st, const char *comm, pid_t pid)
{
	static const char title[] = "OOM episode ";
	const char *at, *begin = NULL;
	char word[64], *text;

	snprintf(word, sizeof(word), "Killed:    %s[%d]", comm, pid);
	at = strstr(st->text, word);
	if (!at)
		return strdup("");
	for (begin = at; begin > st->text && strncmp(begin, title, strlen(title)); begin--)
		;
	text = strdup(begin);
	at = strstr(text + 1, title);
	if (at)
		text[at - text] = '\0';
	return text;
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
	keep_stories(&stories[0]);
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
	keep_stories(&stories[1]);
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

/* The nodes in the records are those in the kernel's summary of the OOM. */
static void check_zones(struct __test_metadata *_metadata, const struct scene *s,
			unsigned int constraint)
{
	const struct oomtrace_zonelist *zl;
	char want[256], line[1024];
	struct scene_oom oom;
	const union record *r;
	char *report;

	scene_load_oom(_metadata, &oom, s, s->big);
	report = zone_report_of(s, s->big);
	zone_check_zonelist(_metadata, s, oom.begin->episode, report);
	zone_check_stack(_metadata, s, oom.begin, report);
	r = nth_record(s, OOMTRACE_ZONELIST, oom.begin->episode, 0);
	ASSERT_NE(NULL, r);
	zl = &r->zonelist;
	EXPECT_EQ(constraint, zl->constraint);
	EXPECT_STREQ("1", zl->nodes);
	line_with(report, "oom-kill:constraint=", line, sizeof(line));
	snprintf(want, sizeof(want), "nodemask=%.40s,cpuset=",
		 HAS(zl, zonelist, nodemask) ? zl->nodemask : "(null)");
	EXPECT_NE(NULL, strstr(line, want)) TH_LOG("%s: %s", want, line);
	snprintf(want, sizeof(want), "mems_allowed=%.40s,", zl->mems_allowed);
	EXPECT_NE(NULL, strstr(line, want)) TH_LOG("%s: %s", want, line);
	EXPECT_LT(0, zl->other_nodes_free);
	free(report);
}

/* The explanation is about the allowed node, and mentions the other one. */
static void check_story(struct __test_metadata *_metadata, const struct stories *st,
			pid_t pid, const char *limit)
{
	char *story = story_of(st, "there", pid);

	EXPECT_NE(NULL, strstr(story, "\nNodes:     node 1 has ")) TH_LOG("%s", st->text);
	EXPECT_NE(NULL, strstr(story, "; other nodes "));
	EXPECT_NE(NULL, strstr(story, limit)) TH_LOG("%s", story);
	EXPECT_NE(NULL, strstr(story, "\nReclaim:   on node 1 at most "));
	EXPECT_NE(NULL, strstr(st->text, ": node 1 has ")) TH_LOG("%s", st->text);
	EXPECT_NE(NULL, strstr(st->text, " free on other nodes, which it may not use)"));
	/* No zone of the other node explains this OOM. */
	EXPECT_NE(NULL, strstr(story, " on node 1 has "));
	EXPECT_EQ(NULL, strstr(story, " on node 0 has "));
	/* The compiler may have inlined do_anonymous_page(). */
	EXPECT_TRUE(strstr(story, "\nNeeded:    anonymous memory, in a page fault\n") ||
		    strstr(story, "\nNeeded:    memory of a process, in a page fault\n"))
		TH_LOG("%s", story);
	EXPECT_EQ(NULL, strstr(story, "tried again"));
	free(story);
}

TEST(an_oom_of_a_memory_policys_nodes_has_that_constraint)
{
	NEED_NODES();
	scene_play(policy, play_policy);
	check_confined(_metadata, policy, OOMTRACE_CONSTRAINT_MEMORY_POLICY,
		       "MEMORY_POLICY");
	check_zones(_metadata, policy, OOMTRACE_CONSTRAINT_MEMORY_POLICY);
	check_story(_metadata, &stories[0], policy->big,
		    ", which this memory policy may not use\n");
}

TEST(an_oom_of_a_cpusets_nodes_has_that_constraint)
{
	NEED_NODES();
	scene_play(cpuset, play_cpuset);
	check_confined(_metadata, cpuset, OOMTRACE_CONSTRAINT_CPUSET,
		       "CPUSET");
	check_zones(_metadata, cpuset, OOMTRACE_CONSTRAINT_CPUSET);
	check_story(_metadata, &stories[1], cpuset->big,
		    ", which this cpuset may not use\n");
}

TEST_HARNESS_MAIN
