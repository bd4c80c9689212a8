// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: unusual tasks do not make records wrong: a process whose first
 * thread has exited, processes in a pid namespace, and tasks that start, rename
 * themselves and exit while the kernel scans them.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

FIXTURE(oom_races) {
	struct scene *s;
};

FIXTURE_SETUP(oom_races)
{
	struct memcg cg;

	if (!memcg_make(&cg, "odd", MB(16)))
		return;
	self->s = scene_new();
	self->s->cg = cg;
	scene_start(self->s, NULL);
}

FIXTURE_TEARDOWN(oom_races)
{
	if (self->s)
		memcg_remove(&self->s->cg);
	if (module_loaded())
		module_stop();
}

#define NEED_MEMCG()							\
	do {								\
		if (!self->s)						\
			SKIP(return, "no cgroup v2 memory controller");	\
	} while (0)

/* The first thread is a zombie without an mm; the process still has one. */
TEST_F(oom_races, a_process_whose_first_thread_is_gone_is_the_victim)
{
	const struct oomtrace_victim *victim = NULL;
	const struct oomtrace_verdict *verdict = NULL;
	const struct oomtrace_candidate *c;
	struct scene *s = self->s;
	struct hog hog, small;
	char word[64];
	size_t i;
	int tgid;

	NEED_MEMCG();
	hog_start(&small, "--cgroup %s --comm small --anon 1 --hold",
		  s->cg.dir);
	hog_ready(&small);
	hog_start(&hog, "--cgroup %s --comm headless --thread --grow 64",
		  s->cg.dir);
	tgid = hog.pid;
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	scene_end(s);
	hog_kill(&small);
	for (i = 0; i < s->recs.n; i++) {
		const union record *r = &s->recs.r[i];

		if (r->h.type == OOMTRACE_VERDICT && r->verdict.tgid == tgid)
			verdict = &r->verdict;
		if (r->h.type == OOMTRACE_VICTIM && r->victim.tgid == tgid)
			victim = &r->victim;
	}
	ASSERT_NE(NULL, verdict) TH_LOG("%s", s->log);
	ASSERT_NE(NULL, victim);
	/* The kernel scans processes, but kills a thread that has the mm. */
	EXPECT_EQ(tgid, verdict->pid);
	EXPECT_NE(tgid, victim->pid);
	EXPECT_EQ(OOMTRACE_WHY_CHOSEN, victim->why);
	snprintf(word, sizeof(word), "Killed process %d (headless)",
		 victim->pid);
	EXPECT_IN(word, s->log);
	c = scene_candidate(s, verdict->episode, tgid);
	ASSERT_NE(NULL, c);
	EXPECT_TRUE(HAS(c, candidate, rss_anon));
	EXPECT_LE(12 * 256, c->rss_anon);
	scene_check_points(_metadata, s, verdict->episode,
			   verdict->totalpages);
	scene_check_choice(_metadata, s, verdict);
	scene_check_kills(_metadata, s, 0);
	scene_check_episodes(_metadata, &s->recs);
}

/* The child is pid 1 inside; the record has its pid outside. */
static int in_a_pid_namespace(void *arg)
{
	struct hog hog;

	if (unshare(CLONE_NEWPID))
		return 77;
	hog_start(&hog, "--cgroup %s --comm inside --grow 64", (char *)arg);
	return hog_wait(&hog) == 128 + SIGKILL ? 0 : 1;
}

TEST_F(oom_races, pids_are_those_of_the_first_namespace)
{
	const struct oomtrace_verdict *verdict = NULL;
	struct scene *s = self->s;
	char word[64];
	size_t i;
	int ret;

	NEED_MEMCG();
	ret = run_child(in_a_pid_namespace, s->cg.dir);
	scene_end(s);
	if (ret == 77)
		SKIP(return, "this kernel has no pid namespaces");
	EXPECT_EQ(0, ret);
	for (i = 0; i < s->recs.n; i++)
		if (s->recs.r[i].h.type == OOMTRACE_VERDICT)
			verdict = &s->recs.r[i].verdict;
	ASSERT_NE(NULL, verdict) TH_LOG("%s", s->log);
	EXPECT_STREQ("inside", verdict->comm);
	EXPECT_LT(1, verdict->pid);
	snprintf(word, sizeof(word), "Killed process %d (inside)",
		 verdict->pid);
	EXPECT_IN(word, s->log);
	scene_check_kills(_metadata, s, 0);
}

#define COMERS	2
#define KILLS	5

/* Children start, rename themselves continuously, and exit. */
static int fork_and_rename(void *arg)
{
	char path[256];
	int i;

	snprintf(path, sizeof(path), "%s/cgroup.procs", (char *)arg);
	if (spill(path, "0"))
		return 1;
	for (;;) {
		if (fork()) {
			waitpid(-1, NULL, 0);
			continue;
		}
		for (i = 0; i < 50; i++)
			prctl(PR_SET_NAME, i % 2 ? "short" :
			      "a-name-of-15-ch");
		_exit(0);
	}
}

TEST_F_TIMEOUT(oom_races, tasks_that_come_and_go_leave_every_record_whole, 240)
{
	struct scene *s = self->s;
	pid_t pid[COMERS];
	struct hog hog;
	size_t i;
	int n;

	NEED_MEMCG();
	for (n = 0; n < COMERS; n++)
		pid[n] = start_child(fork_and_rename, s->cg.dir);
	for (n = 0; n < KILLS; n++) {
		hog_start(&hog, "--cgroup %s --comm big --adj 500 --grow 64",
			  s->cg.dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	}
	for (n = 0; n < COMERS; n++) {
		kill(pid[n], SIGKILL);
		wait_child(pid[n]);
	}
	scene_end(s);
	for (i = 0; i < s->recs.n; i++) {
		const struct oomtrace_candidate *c = &s->recs.r[i].candidate;

		if (c->h.type != OOMTRACE_CANDIDATE)
			continue;
		EXPECT_GT(sizeof(c->comm), strnlen(c->comm, sizeof(c->comm)));
		EXPECT_EQ(s->cg.id, c->cgroup_id);
		/*
		 * An ineligible candidate has a reason, unless that changed
		 * meanwhile.
		 */
		if (c->verdict == OOMTRACE_EVAL_INELIGIBLE &&
		    HAS(c, candidate, reason))
			EXPECT_NE(OOMTRACE_REASON_NONE, c->reason);
	}
	EXPECT_LE(KILLS, records_count(&s->recs, OOMTRACE_VERDICT));
	scene_check_episodes(_metadata, &s->recs);
	/*
	 * Another task than the victim may have allocated while the victim
	 * runs.
	 */
	scene_check_kills(_metadata, s, 64);
}

TEST_HARNESS_MAIN
