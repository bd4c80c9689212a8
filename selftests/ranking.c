// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: the ranking shows which task the OOM killer would choose now, by the
 * kernel's numbers, and kills none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/lib.h"
#include "lib/oom.h"
#include "lib/test.h"

#define ROOM	600

FIXTURE(ranking) {
	struct oomtrace_ranking rk;
	struct oomtrace_candidate *recs;
	int fd;
};

static int get_ranking(int fd, struct oomtrace_ranking *rk,
		       struct oomtrace_candidate *recs, unsigned long long cgroup_id)
{
	memset(rk, 0, sizeof(*rk));
	rk->size = sizeof(*rk);
	rk->room = ROOM;
	rk->records = (unsigned long)recs;
	rk->cgroup_id = cgroup_id;
	return ioctl(fd, OOMTRACE_IOC_RANKING, rk) ? -errno : 0;
}

FIXTURE_SETUP(ranking)
{
	module_start(NULL);
	self->fd = device_open();
	self->recs = calloc(ROOM, sizeof(*self->recs));
	ASSERT_NE(NULL, self->recs);
}

FIXTURE_TEARDOWN(ranking)
{
	close(self->fd);
	free(self->recs);
	module_stop();
}

static const struct oomtrace_candidate *
find_process(const struct oomtrace_ranking *rk,
	     const struct oomtrace_candidate *recs, pid_t pid)
{
	unsigned int i;

	for (i = 0; i < rk->count; i++)
		if (recs[i].tgid == pid)
			return &recs[i];
	return NULL;
}

TEST_F(ranking, points_are_those_of_proc_oom_score)
{
	static const char * const what[] = {
		"--comm r0 --anon 1", "--comm r1 --anon 7 --adj 30",
		"--comm r2 --anon 3 --adj -5", "--comm r3 --adj 700",
		"--comm r4 --adj -900", "--comm r5 --adj -1000",
		"--comm r6 --shmem 5",
	};
	struct hog hog[ARRAY_SIZE(what)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(what); i++) {
		hog_start(&hog[i], "%s --hold", what[i]);
		hog_ready(&hog[i]);
	}
	ASSERT_EQ(0, get_ranking(self->fd, &self->rk, self->recs, 0));
	ASSERT_GE(ROOM, self->rk.count);
	EXPECT_EQ((meminfo("MemTotal") + meminfo("SwapTotal")) / PAGE_KB,
		  self->rk.totalpages);
	EXPECT_LE(ARRAY_SIZE(what), self->rk.count);
	EXPECT_LE(10, self->rk.kthreads);
	for (i = 0; i < self->rk.count; i++) {
		const struct oomtrace_candidate *c = &self->recs[i];
		long mine = score_of(c, self->rk.totalpages), kernels;

		/* This process itself changes during the ioctl. */
		kernels = proc_oom_score(c->tgid);
		if (kernels < 0 || c->tgid == getpid() ||
		    c->tgid == getppid())
			continue;
		EXPECT_EQ(kernels, mine)
			TH_LOG("%.16s[%d] points %lld", c->comm, c->tgid,
			       c->points);
	}
	/* All hogs are listed, with the values that the test gave them. */
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		const struct oomtrace_candidate *c =
			find_process(&self->rk, self->recs, hog[i].pid);

		ASSERT_NE(NULL, c);
		EXPECT_EQ(i != 5, HAS(c, candidate, points));
		EXPECT_EQ(i == 5 ? OOMTRACE_REASON_ADJ_MIN :
			  OOMTRACE_REASON_NONE, c->reason);
		if (HAS(c, candidate, points))
			EXPECT_EQ(c->points, c->rss_anon + c->rss_file +
				  c->rss_shmem + c->swapents +
				  (long)(c->pgtables_bytes / PAGE) +
				  c->oom_score_adj *
				  ((long)self->rk.totalpages / 1000));
		EXPECT_TRUE(DERIVED(c, candidate, verdict));
		EXPECT_FALSE(HAS(c, candidate, episode));
	}
	for (i = 0; i < ARRAY_SIZE(what); i++) {
		EXPECT_EQ(0, kill(hog[i].pid, 0));
		hog_kill(&hog[i]);
	}
}

TEST_F(ranking, the_best_candidate_comes_first_and_the_ineligible_last)
{
	struct hog big, adj;
	unsigned int i;

	hog_start(&big, "--comm big --anon 20 --hold");
	hog_start(&adj, "--comm adj --adj 900 --hold");
	hog_ready(&big);
	hog_ready(&adj);
	ASSERT_EQ(0, get_ranking(self->fd, &self->rk, self->recs, 0));
	EXPECT_EQ(adj.pid, self->recs[0].tgid);
	EXPECT_EQ(OOMTRACE_EVAL_LEADING, self->recs[0].verdict);
	EXPECT_EQ(big.pid, self->recs[1].tgid);
	for (i = 1; i < self->rk.count; i++) {
		const struct oomtrace_candidate *c = &self->recs[i];

		EXPECT_EQ(i, c->index);
		EXPECT_EQ(i < self->rk.eligible, HAS(c, candidate, points));
		EXPECT_EQ(i < self->rk.eligible ? OOMTRACE_EVAL_KEPT :
			  OOMTRACE_EVAL_INELIGIBLE, c->verdict);
		if (i < self->rk.eligible)
			EXPECT_GE(self->recs[i - 1].points, c->points);
	}
	/* init is listed as ineligible. */
	ASSERT_NE(NULL, find_process(&self->rk, self->recs, 1));
	EXPECT_EQ(OOMTRACE_REASON_INIT,
		  find_process(&self->rk, self->recs, 1)->reason);
	hog_kill(&big);
	hog_kill(&adj);
}

TEST_F(ranking, the_first_of_a_cgroup_is_the_one_that_then_dies)
{
	struct records recs = { };
	const union record *v;
	struct hog hog[3];
	struct memcg cg;
	pid_t first;
	int i;

	if (!memcg_make(&cg, "ranking", MB(32)))
		SKIP(return, "no cgroup v2 memory controller");
	/* Even with the lower limit set below, the adj outweighs 4 MiB. */
	hog_start(&hog[0], "--cgroup %s --comm c0 --anon 4 --adj 900 --hold",
		  cg.dir);
	hog_start(&hog[1], "--cgroup %s --comm c1 --anon 8 --hold", cg.dir);
	hog_start(&hog[2], "--cgroup %s --comm c2 --adj -1000 --hold", cg.dir);
	for (i = 0; i < 3; i++)
		hog_ready(&hog[i]);
	ASSERT_EQ(0, get_ranking(self->fd, &self->rk, self->recs, cg.id));
	EXPECT_EQ(3, self->rk.count);
	EXPECT_EQ(2, self->rk.eligible);
	EXPECT_EQ(0, self->rk.kthreads);
	EXPECT_EQ((32 * 1024 + meminfo("SwapTotal")) / PAGE_KB, self->rk.totalpages);
	first = self->recs[0].tgid;
	EXPECT_EQ(hog[0].pid, first);
	EXPECT_EQ(hog[1].pid, self->recs[1].tgid);
	EXPECT_EQ(OOMTRACE_REASON_ADJ_MIN, self->recs[2].reason);
	device_drain(self->fd, &recs);
	EXPECT_EQ(0, records_count(&recs, OOMTRACE_OOM_BEGIN));

	memcg_set(&cg, "memory.max", "11534336");
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog[0]));
	device_drain(self->fd, &recs);
	v = records_get(&recs, OOMTRACE_VERDICT, 0);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(first, v->verdict.tgid);
	memcg_remove(&cg);
	hog_kill(&hog[1]);
	hog_kill(&hog[2]);
	records_free(&recs);
}

TEST_F(ranking, the_text_file_shows_the_same)
{
	char *text, *line, who[64];
	struct hog hog;

	hog_start(&hog, "--comm best --anon 20 --adj 500 --hold");
	hog_ready(&hog);
	text = slurp(DEBUGFS "/ranking", NULL);
	EXPECT_IN("nothing is killed", text);
	line = strstr(text, " candidate: ");
	ASSERT_NE(NULL, line);
	snprintf(who, sizeof(who), "pid=%d tgid=%d comm=\"best\"", hog.pid,
		 hog.pid);
	*strchr(line, '\n') = '\0';
	EXPECT_IN(who, line);
	EXPECT_IN("verdict=leading~", line);
	free(text);
	hog_kill(&hog);
}

/* ---- a machine full of processes ---- */

#define MANY	10000
#define STACK	1024

static int sleep_forever(void *unused)
{
	(void)unused;
	for (;;)
		poll(NULL, 0, -1);
	return 0;
}

/*
 * Start that many processes, which share all memory and so need little. Report
 * when they run, and kill them on request.
 */
static int run_sleepers(void *fds)
{
	int *ready = fds, *go = ready + 2, i;
	pid_t group = 0, pid;
	char c = 0, *stacks;

	signal(SIGCHLD, SIG_IGN);
	/*
	 * The first call of a function may resolve it in libc, which needs more
	 * than STACK. A sleeper that crashes kills all of them on 5.10.
	 */
	poll(NULL, 0, 0);
	/* Unlike the tests, these may be killed. */
	spill("/proc/self/oom_score_adj", "0");
	stacks = mmap(NULL, (size_t)MANY * STACK, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stacks == MAP_FAILED)
		return 1;
	for (i = 0; i < MANY && !c; i++) {
		pid = clone(sleep_forever, stacks + (size_t)(i + 1) * STACK,
			    CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);
		group = group ? group : pid;
		c = pid < 0 || setpgid(pid, group);
	}
	if (write(ready[1], &c, 1) == 1 && read(go[0], &c, 1) != 1)
		c = 1;
	kill(-group, SIGKILL);
	while (wait(NULL) > 0)
		;
	return c;
}

/* The number of processes and kernel threads in /proc. */
static unsigned int processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	unsigned int n = 0;

	while ((d = readdir(dir)))
		n += d->d_name[0] >= '1' && d->d_name[0] <= '9';
	closedir(dir);
	return n;
}

TEST_F_TIMEOUT(ranking, ten_thousand_processes_are_ranked_in_a_moment, 240)
{
	struct oomtrace_candidate *recs = calloc(MANY + ROOM, sizeof(*recs));
	unsigned long long from, took, text_took;
	unsigned int i, checked = 0, lines = 0;
	long threads_max;
	int fds[4];
	pid_t pid;
	char c = 1, *text, *at;

	ASSERT_NE(NULL, recs);
	threads_max = sysctl_get("kernel/threads-max");
	spill("/proc/sys/kernel/threads-max", "30000");
	ASSERT_EQ(0, pipe(fds));
	ASSERT_EQ(0, pipe(fds + 2));
	pid = start_child(run_sleepers, fds);
	/* If the child dies, the read() ends. */
	close(fds[1]);
	close(fds[2]);
	ASSERT_EQ(1, read(fds[0], &c, 1));
	ASSERT_EQ(0, c) TH_LOG("cannot start %d processes", MANY);

	memset(&self->rk, 0, sizeof(self->rk));
	self->rk.size = sizeof(self->rk);
	self->rk.room = MANY + ROOM;
	self->rk.records = (unsigned long)recs;
	from = now_ns();
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_RANKING, &self->rk));
	took = now_ns() - from;
	EXPECT_LE(MANY, self->rk.count);
	/* Some start or exit meanwhile. */
	EXPECT_GE(20, labs((long)processes() - (long)self->rk.count -
			   (long)self->rk.kthreads));
	for (i = 1; i < self->rk.count; i++) {
		const struct oomtrace_candidate *a = &recs[i - 1], *b = &recs[i];

		EXPECT_EQ(i, b->index);
		if (i < self->rk.eligible)
			EXPECT_LE(b->points, a->points);
		if (i % 50 || !HAS(b, candidate, points))
			continue;
		EXPECT_EQ(proc_oom_score(b->tgid),
			  score_of(b, self->rk.totalpages));
		checked++;
	}
	EXPECT_LE(MANY / 50 - 5, checked);

	/*
	 * With less room, the ioctl gives the first records and the total
	 * number.
	 */
	EXPECT_EQ(0, get_ranking(self->fd, &self->rk, self->recs, 0));
	EXPECT_LE(MANY, self->rk.count);
	EXPECT_EQ(ROOM - 1, self->recs[ROOM - 1].index);

	from = now_ns();
	text = slurp(DEBUGFS "/ranking", NULL);
	text_took = now_ns() - from;
	for (at = text; (at = strstr(at, " candidate: ")); at++)
		lines++;
	EXPECT_LE(MANY, lines);
	printf("# %u processes ranked in %llu ms, as text in %llu ms; %u scores compared\n",
	       self->rk.count, took / 1000000, text_took / 1000000, checked);
	/* Emulated, and next to other machines. */
	EXPECT_GT(20000, took / 1000000);
	free(text);
	free(recs);
	EXPECT_EQ(1, write(fds[3], &c, 1));
	EXPECT_EQ(0, wait_child(pid));
	sysctl_set("kernel/threads-max", threads_max);
}

TEST_F(ranking, bad_input_fails_with_an_errno)
{
	struct oomtrace_ranking rk = { .size = sizeof(rk) - 8 };

	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RANKING, &rk));
	EXPECT_EQ(EINVAL, errno);
	rk.size = sizeof(rk);
	rk.reserved = 1;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RANKING, &rk));
	EXPECT_EQ(EINVAL, errno);
	rk.reserved = 0;
	rk.cgroup_id = 1ULL << 40;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RANKING, &rk));
	EXPECT_EQ(ESRCH, errno);
	rk.cgroup_id = 0;
	rk.room = 10;
	rk.records = 16;
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RANKING, &rk));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, ioctl(self->fd, OOMTRACE_IOC_RANKING, 16L));
	EXPECT_EQ(EFAULT, errno);
	/* Without room, no address is needed. */
	rk.room = 0;
	rk.records = 0;
	EXPECT_EQ(0, ioctl(self->fd, OOMTRACE_IOC_RANKING, &rk));
	EXPECT_LT(0, rk.count);
}

TEST_HARNESS_MAIN
