// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a cgroup v1 OOM is recorded like any other, including one at the end
 * of a page fault. While memory.oom_control makes tasks wait, the kernel
 * decides nothing: that is an episode with the tasks that wait and how long, until
 * memory comes, the limit is raised, the killer is switched on, or the task is killed.
 * For a machine whose memory controller is free for v1 (scripts/vm --cgroup-v1).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/bytes.h"
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
	ASSERT_EQ(1, records_count(&waiting, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(OOMTRACE_TRIGGER_OOM_CONTROL,
		  records_get(&waiting, OOMTRACE_OOM_BEGIN, 0)->begin.trigger);
	EXPECT_EQ(0, records_count(&waiting, OOMTRACE_OOM_END));
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
			    b->trigger == OOMTRACE_TRIGGER_ALLOCATION ||
			    b->trigger == OOMTRACE_TRIGGER_OOM_CONTROL);
	}
	close(device);
	records_free(&recs);
	module_stop();
}

/* ---- tasks that wait ---- */

static char said[1 << 15];

#define OOMTRACE(...) \
	run_program(said, sizeof(said), \
		    (char *[]){ "oomtrace", __VA_ARGS__, NULL })

/* A moment between two tests of the same promise. */
struct waiting {
	int fd;
	struct hog big;
	unsigned long long from_ns;
	struct records recs;
};

/* Let a task wait for at least 0.5 s. */
static void start_waiting(struct __test_metadata *_metadata, struct waiting *w,
			  const struct memcg *cg, const char *options)
{
	char want[100];
	int i;

	module_start(NULL);
	w->fd = device_open();
	w->from_ns = now_ns();
	hog_start(&w->big, "--cgroup %s --comm big %s", cg->dir, options);
	for (i = 0; i < 200 && !under_oom(cg); i++)
		sleep_ms(50);
	EXPECT_TRUE(under_oom(cg));
	sleep_ms(500);
	EXPECT_EQ(0, OOMTRACE("last"));
	EXPECT_IN("nobody: the OOM killer of the cgroup is off, and tasks wait", said);
	snprintf(want, sizeof(want), "Waits    big[%d] waits", w->big.pid);
	EXPECT_IN(want, said);
}

/* Check the records of one task's wait, and how it ended. */
static void check_waiting(struct __test_metadata *_metadata, struct waiting *w,
			  const struct memcg *cg, pid_t pid, unsigned int ending)
{
	unsigned long long lasted = now_ns() - w->from_ns;
	const struct oomtrace_oom_begin *b;
	const struct oomtrace_oom_end *e;
	const struct oomtrace_wait *wait;

	device_wait(w->fd, &w->recs, OOMTRACE_OOM_END, 1);
	ASSERT_EQ(1, records_count(&w->recs, OOMTRACE_OOM_BEGIN));
	b = &records_get(&w->recs, OOMTRACE_OOM_BEGIN, 0)->begin;
	EXPECT_EQ(OOMTRACE_SCOPE_MEMCG, b->scope);
	EXPECT_EQ(OOMTRACE_TRIGGER_OOM_CONTROL, b->trigger);
	EXPECT_EQ(pid, b->tgid);
	EXPECT_EQ(cg->id, b->memcg_id);
	EXPECT_EQ(LIMIT_MB * 256, b->memcg_limit);
	EXPECT_FALSE(HAS(b, oom_begin, order));
	EXPECT_EQ(1, records_count(&w->recs, OOMTRACE_MEMCG));
	EXPECT_EQ(MB(LIMIT_MB), records_get(&w->recs, OOMTRACE_MEMCG, 0)->memcg.limit);

	ASSERT_EQ(2, records_count(&w->recs, OOMTRACE_WAIT));
	wait = &records_get(&w->recs, OOMTRACE_WAIT, 0)->wait;
	EXPECT_EQ(b->episode, wait->episode);
	EXPECT_EQ(pid, wait->pid);
	EXPECT_FALSE(HAS(wait, wait, waited_ns));
	wait = &records_get(&w->recs, OOMTRACE_WAIT, 1)->wait;
	EXPECT_EQ(pid, wait->pid);
	EXPECT_STREQ("big", wait->comm);
	EXPECT_EQ(cg->id, wait->cgroup_id);
	EXPECT_LE(1, wait->waits);
	EXPECT_LE(500000000ULL, wait->waited_ns);
	EXPECT_GE(lasted, wait->waited_ns);
	EXPECT_FALSE(DERIVED(wait, wait, waited_ns));
	EXPECT_EQ(ending == OOMTRACE_ENDING_WAITERS_KILLED, wait->killed);

	ASSERT_EQ(1, records_count(&w->recs, OOMTRACE_OOM_END));
	e = &records_get(&w->recs, OOMTRACE_OOM_END, 0)->end;
	EXPECT_EQ(b->episode, e->episode);
	EXPECT_EQ(ending, e->ending);
	EXPECT_EQ(0, e->victims);
	EXPECT_LE(wait->waited_ns, e->duration_ns);
	EXPECT_EQ(0, OOMTRACE("last", "-v"));
	EXPECT_IN("the tasks waited until ", said);
	EXPECT_IN("Waits:     big[", said);
	EXPECT_ALL_INTENDED(&w->recs);
	records_free(&w->recs);
	close(w->fd);
	module_stop();
}

TEST_F(v1, tasks_wait_until_the_limit_is_raised)
{
	struct waiting w = { };
	pid_t pid;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	start_waiting(_metadata, &w, &self->cg, "--grow 64");
	pid = w.big.pid;
	memcg_set(&self->cg, "memory.limit_in_bytes", "128M");
	EXPECT_EQ(0, hog_wait(&w.big));
	check_waiting(_metadata, &w, &self->cg, pid, OOMTRACE_ENDING_LIMIT_RAISED);
}

/*
 * The limit of memory and swap is never below the limit of memory. So it makes tasks wait
 * only if pages are swapped out: 24 MiB of memory and 8 MiB of swap are 32 MiB.
 */
TEST_F(v1, tasks_wait_until_the_limit_with_swap_is_raised)
{
	struct waiting w = { };
	pid_t pid;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	if (!memcg_has(&self->cg, "memory.memsw.limit_in_bytes"))
		SKIP(return, "this kernel does not account swap (swapaccount=1)");
	if (system("modprobe zram && echo 128M >/sys/block/zram0/disksize && "
		   "mkswap /dev/zram0 >/dev/null") || swapon("/dev/zram0", 0))
		SKIP(return, "no zram for swap");
	memcg_set(&self->cg, "memory.memsw.limit_in_bytes", "32M");
	start_waiting(_metadata, &w, &self->cg, "--grow 64");
	pid = w.big.pid;
	memcg_set(&self->cg, "memory.memsw.limit_in_bytes", "128M");
	EXPECT_EQ(0, hog_wait(&w.big));
	check_waiting(_metadata, &w, &self->cg, pid, OOMTRACE_ENDING_LIMIT_RAISED);
	EXPECT_EQ(0, swapoff("/dev/zram0"));
	EXPECT_EQ(0, system("modprobe -r zram"));
}

TEST_F(v1, tasks_wait_until_memory_comes)
{
	struct waiting w = { };
	struct hog holder;
	pid_t pid;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	hog_start(&holder, "--cgroup %s --comm holder --anon 14 --hold", self->cg.dir);
	hog_ready(&holder);
	start_waiting(_metadata, &w, &self->cg, "--grow 16");
	pid = w.big.pid;
	hog_kill(&holder);
	EXPECT_EQ(0, hog_wait(&w.big));
	check_waiting(_metadata, &w, &self->cg, pid, OOMTRACE_ENDING_MEMORY_CAME);
}

TEST_F(v1, tasks_wait_until_they_are_killed)
{
	struct waiting w = { };
	pid_t pid;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	start_waiting(_metadata, &w, &self->cg, "--grow 64");
	pid = w.big.pid;
	kill(pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, hog_wait(&w.big));
	check_waiting(_metadata, &w, &self->cg, pid, OOMTRACE_ENDING_WAITERS_KILLED);
}

/* The record of that type in an episode that ended so; NULL if there is none. */
static const union record *record_of_ending(const struct records *recs, unsigned int type,
					    unsigned int ending)
{
	const union record *r = NULL, *end;
	size_t i, n = 0;

	while ((end = records_get(recs, OOMTRACE_OOM_END, n++)))
		if (end->end.ending == ending)
			break;
	/* The episode is the first field of all these types; the last record is the result's. */
	for (i = 0; end && i < recs->n; i++)
		if (recs->r[i].h.type == type &&
		    recs->r[i].begin.episode == end->end.episode)
			r = &recs->r[i];
	return r;
}

TEST_F(v1, tasks_wait_until_the_killer_is_on_and_then_one_dies)
{
	const union record *begin, *wait, *victim, *end;
	struct waiting w = { };
	char episode[24];
	pid_t pid;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	start_waiting(_metadata, &w, &self->cg, "--grow 64");
	pid = w.big.pid;
	memcg_set(&self->cg, "memory.oom_control", "0");
	EXPECT_EQ(128 + SIGKILL, hog_wait(&w.big));
	EXPECT_TRUE(device_wait(w.fd, &w.recs, OOMTRACE_OOM_END, 2));

	/* The wait is an episode without a kill. */
	begin = record_of_ending(&w.recs, OOMTRACE_OOM_BEGIN, OOMTRACE_ENDING_KILLER_ON);
	end = record_of_ending(&w.recs, OOMTRACE_OOM_END, OOMTRACE_ENDING_KILLER_ON);
	wait = record_of_ending(&w.recs, OOMTRACE_WAIT, OOMTRACE_ENDING_KILLER_ON);
	ASSERT_NE(NULL, begin);
	ASSERT_NE(NULL, wait);
	EXPECT_EQ(OOMTRACE_TRIGGER_OOM_CONTROL, begin->begin.trigger);
	EXPECT_EQ(pid, begin->begin.tgid);
	EXPECT_EQ(pid, wait->wait.pid);
	EXPECT_LE(500000000ULL, wait->wait.waited_ns);
	EXPECT_LE(wait->wait.waited_ns, end->end.duration_ns);
	EXPECT_EQ(0, wait->wait.killed);
	EXPECT_EQ(NULL, record_of_ending(&w.recs, OOMTRACE_VICTIM, OOMTRACE_ENDING_KILLER_ON));
	/* The kill is another. */
	victim = record_of_ending(&w.recs, OOMTRACE_VICTIM, OOMTRACE_ENDING_KILLED);
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(pid, victim->victim.tgid);
	EXPECT_LT(begin->begin.episode, victim->victim.episode);
	EXPECT_EQ(2, records_count(&w.recs, OOMTRACE_OOM_BEGIN));
	EXPECT_EQ(1, stat_number("killer_on"));
	snprintf(episode, sizeof(episode), "%llu",
		 (unsigned long long)begin->begin.episode);
	EXPECT_EQ(0, OOMTRACE("last", "-v", episode));
	EXPECT_IN("the tasks waited until the cgroup's OOM killer was switched on", said);
	EXPECT_ALL_INTENDED(&w.recs);
	records_free(&w.recs);
	close(w.fd);
	module_stop();
}

/* The cgroups of the memory controller, also those that are removed and still in use. */
static long count_cgroups(void)
{
	char *text = slurp("/proc/cgroups", NULL), line[128];
	long n;

	line_with(text, "memory\t", line, sizeof(line));
	free(text);
	if (sscanf(line, "memory %*d %ld", &n) != 1)
		die("/proc/cgroups has no memory controller: %s", line);
	return n;
}

TEST_F(v1, an_unload_closes_the_episode_and_the_task_waits_on)
{
	struct waiting w = { };
	long before;
	int i;

	if (!self->s)
		SKIP(return, "this kernel has no memory controller for cgroup v1 (CONFIG_MEMCG_V1)");
	start_waiting(_metadata, &w, &self->cg, "--grow 64");
	close(w.fd);
	EXPECT_EQ(0, module_unload());
	sleep_ms(300);
	EXPECT_TRUE(under_oom(&self->cg));
	memcg_set(&self->cg, "memory.limit_in_bytes", "128M");
	EXPECT_EQ(0, hog_wait(&w.big));
	EXPECT_EQ(NULL, module_trace());
	module_stop();
	/* Nor has it left a reference to the cgroup. */
	before = count_cgroups();
	memcg_remove(&self->cg);
	for (i = 0; i < 500 && count_cgroups() >= before; i++)
		sleep_ms(20);
	EXPECT_GT(before, count_cgroups());
}

TEST_HARNESS_MAIN
