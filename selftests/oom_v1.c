// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a cgroup v1 OOM is recorded like any other, including one at the end
 * of a page fault. While memory.oom_control makes tasks wait, the kernel
 * decides nothing and oomtrace records nothing. For a machine whose memory
 * controller is free for v1 (scripts/vm --cgroup-v1).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/memcg_check.h"
#include "lib/oom.h"
#include "lib/scene_check.h"
#include "lib/test.h"

#define ROOT		"/tmp/oomtrace-v1"
#define LIMIT_MB	24

FIXTURE(v1) {
	struct memcg cg;
	struct scene *s;
};

FIXTURE_SETUP(v1)
{
	struct stat st;

	mkdir(ROOT, 0700);
	if (mount("oomtrace", ROOT, "cgroup", 0, "memory"))
		return;
	self->s = scene_new();
	strcpy(self->cg.dir, ROOT "/waits");
	ASSERT_EQ(0, mkdir(self->cg.dir, 0700));
	ASSERT_EQ(0, stat(self->cg.dir, &st));
	self->cg.id = st.st_ino;
	memcg_set(&self->cg, "memory.limit_in_bytes", "24M");
	memcg_set(&self->cg, "memory.oom_control", "1");
}

FIXTURE_TEARDOWN(v1)
{
	memcg_remove(&self->cg);
	umount2(ROOT, MNT_DETACH);
	rmdir(ROOT);
}

static bool under_oom(const struct memcg *cg)
{
	char path[256], *text;
	bool yes;

	snprintf(path, sizeof(path), "%s/memory.oom_control", cg->dir);
	text = slurp(path, NULL);
	yes = strstr(text, "under_oom 1");
	free(text);
	return yes;
}

/* In v1 the account has the counter of memory and swap, too. */
static void check_account(struct __test_metadata *_metadata, const struct scene *s,
			  unsigned long long episode)
{
	const struct oomtrace_memcg *m = memcg_account(_metadata, s, episode);

	if (!m)
		return;
	EXPECT_EQ(MB(LIMIT_MB), m->limit);
	EXPECT_TRUE(HAS(m, memcg, memsw));
	EXPECT_LE(m->usage, m->memsw);
	EXPECT_LT(m->limit, m->memsw_limit);
	if (memcg_numbers_known())
		EXPECT_LE(16, memcg_check_log(_metadata, m, s->log));
}

TEST_F(v1, with_oom_kill_disable_tasks_wait_and_then_one_dies)
{
	const struct oomtrace_oom_begin *begin;
	const struct oomtrace_verdict *verdict;
	const struct oomtrace_victim *victim;
	const struct oomtrace_oom_end *end;
	struct records waiting = { };
	struct scene *s = self->s;
	struct hog big;
	int i;

	if (!s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	scene_start(s, NULL);
	hog_start(&big, "--cgroup %s --comm big --grow 64", self->cg.dir);
	s->big = big.pid;
	s->cg = self->cg;
	for (i = 0; i < 200 && !under_oom(&self->cg); i++)
		sleep_ms(50);
	EXPECT_TRUE(under_oom(&self->cg));
	sleep_ms(300);
	EXPECT_EQ(0, waitpid(s->big, NULL, WNOHANG));
	device_drain(s->fd, &waiting);
	EXPECT_EQ(0, records_count(&waiting, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(0, records_count(&waiting, OOMTRACE_CANDIDATE));

	memcg_set(&self->cg, "memory.oom_control", "0");
	EXPECT_EQ(128 + SIGKILL, hog_wait(&big));
	scene_end(s);
	ASSERT_TRUE(scene_find(s, s->big, &begin, &verdict, &victim, &end))
		TH_LOG("%s", s->log);
	EXPECT_EQ(OOMTRACE_SCOPE_MEMCG, begin->scope);
	EXPECT_EQ(self->cg.id, begin->memcg_id);
	EXPECT_EQ(LIMIT_MB * 256, begin->memcg_limit);
	EXPECT_EQ(self->cg.id, verdict->memcg_id);
	EXPECT_EQ(self->cg.id, verdict->cgroup_id);
	EXPECT_EQ(OOMTRACE_CONSTRAINT_MEMCG, verdict->constraint);
	EXPECT_EQ(OOMTRACE_ENDING_KILLED, end->ending);
	check_account(_metadata, s, begin->episode);
	scene_check_points(_metadata, s, begin->episode, verdict->totalpages);
	scene_check_choice(_metadata, s, verdict);
	scene_check_episodes(_metadata, &s->recs);
	scene_check_kills(_metadata, s, 0);
	scene_check_report(_metadata, s, s->big);
	records_free(&waiting);
}

/* Toggle between waiting and killing as fast as possible. */
static int toggle_oom_control(void *cg)
{
	for (;;) {
		memcg_set(cg, "memory.oom_control", "1");
		memcg_set(cg, "memory.oom_control", "0");
	}
	return 0;
}

/*
 * A task calls the OOM killer at the end of its page fault if it was to wait
 * when it was charged, and no longer has to. The window is short, so retry
 * until it happens.
 */
TEST_F_TIMEOUT(v1, an_oom_at_the_end_of_a_page_fault_has_that_trigger, 200)
{
	const struct oomtrace_oom_begin *b;
	unsigned long long until;
	struct records recs = { };
	struct oomtrace_info info;
	int killed = 0, at_end = 0, device;
	pid_t flipper;
	struct hog big;
	size_t i, n;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	module_start("candidate_buffer_kb=1024");
	device = device_open();
	memcg_set(&self->cg, "memory.limit_in_bytes", "4M");
	flipper = start_child(toggle_oom_control, &self->cg);
	until = now_ns() + 100000000000ULL;
	for (n = 0; !at_end && now_ns() < until; killed++) {
		hog_start(&big, "--cgroup %s --comm big --grow 64",
			  self->cg.dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&big));
		device_drain(device, &recs);
		for (; n < recs.n; n++)
			at_end += recs.r[n].h.type == OOMTRACE_OOM_BEGIN &&
				  recs.r[n].begin.trigger ==
				  OOMTRACE_TRIGGER_PAGE_FAULT;
	}
	kill(flipper, SIGKILL);
	wait_child(flipper);
	device_info(device, &info);
	TH_LOG("%d kills, %llu episodes, %d at the end of a page fault", killed,
	       (unsigned long long)info.episodes, at_end);
	EXPECT_LT(0, at_end);
	for (i = 0; i < recs.n; i++) {
		b = &recs.r[i].begin;
		if (b->h.type != OOMTRACE_OOM_BEGIN)
			continue;
		EXPECT_EQ(OOMTRACE_SCOPE_MEMCG, b->scope);
		EXPECT_EQ(self->cg.id, b->memcg_id);
		EXPECT_TRUE(b->trigger == OOMTRACE_TRIGGER_PAGE_FAULT ||
			    b->trigger == OOMTRACE_TRIGGER_ALLOCATION);
	}
	close(device);
	records_free(&recs);
	module_stop();
}

TEST_HARNESS_MAIN
