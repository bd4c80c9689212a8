// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: records also hold for many tasks, many memory cgroups and long
 * names: every task is recorded, every OOM has its own cgroup, and the rings
 * hold what their size allows. The cost of a candidate is measured elsewhere.
 *
 * OOMTRACE_TASKS and OOMTRACE_CGROUPS in the environment set the numbers
 * (default 400 and 25).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

#define MAX_TASKS	20000

FIXTURE(many_tasks) {
	pid_t *pid;
	int ntasks;
};

static int from_env(const char *name, int otherwise)
{
	const char *value = getenv(name);

	return value ? atoi(value) : otherwise;
}

/*
 * One after the other: thousands that exit at once wait for the lock of the memory that
 * they share with this process, and longer than the kernel thinks is right.
 */
static void end_tasks(pid_t *pid, int *n)
{
	while (*n) {
		kill(pid[--*n], SIGKILL);
		waitpid(pid[*n], NULL, 0);
	}
}

FIXTURE_SETUP(many_tasks)
{
	memset(self, 0, sizeof(*self));
	self->pid = calloc(MAX_TASKS, sizeof(*self->pid));
	ASSERT_NE(NULL, self->pid);
	/* A scan of all tasks fits the candidates' ring. */
	module_start("candidate_buffer_kb=16384");
}

FIXTURE_TEARDOWN(many_tasks)
{
	end_tasks(self->pid, &self->ntasks);
	free(self->pid);
	module_stop();
}

/* Start tasks that are eligible, but not chosen while a better one exists. */
static void more_tasks(struct __test_metadata *_metadata, pid_t *pid,
		       int *n, int wanted)
{
	while (*n < wanted) {
		pid_t child = fork();

		ASSERT_LE(0, child) TH_LOG("task %d: %s", *n, strerror(errno));
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			spill("/proc/self/oom_score_adj", "-500");
			for (;;)
				pause();
		}
		pid[(*n)++] = child;
	}
	sleep_ms(200);
}

struct scan {
	unsigned long candidates;
	unsigned long ours;		/* of the given pids */
	unsigned long lost;
	unsigned long long ns;
};

static unsigned long long begin_ns(const struct records *recs)
{
	const union record *r = records_get(recs, OOMTRACE_OOM_BEGIN, 0);

	return r ? r->h.ts_ns : 0;
}

static int by_pid(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

/* Kill a hog by an OOM of the whole machine; sorts @pid. */
static void scan_tasks(struct scan *s, pid_t *pid, int npids)
{
	int fd = device_open_at_end();
	struct records recs = { };
	struct hog hog;
	size_t i;

	memset(s, 0, sizeof(*s));
	qsort(pid, npids, sizeof(*pid), by_pid);
	hog_start(&hog, "--anon 4 --adj 1000 --hold");
	hog_ready(&hog);
	sysctl_set("kernel/sysrq", 1);
	spill("/proc/sysrq-trigger", "f");
	hog_wait(&hog);
	sleep_ms(100);
	device_drain(fd, &recs);
	close(fd);
	for (i = 0; i < recs.n; i++) {
		const union record *r = &recs.r[i];

		if (r->h.type == OOMTRACE_CANDIDATE) {
			s->candidates++;
			s->ours += !!bsearch(&r->candidate.tgid, pid, npids,
					     sizeof(*pid), by_pid);
		} else if (r->h.type == OOMTRACE_LOST) {
			s->lost += r->lost.count;
		} else if (r->h.type == OOMTRACE_VERDICT) {
			s->ns = r->h.ts_ns - begin_ns(&recs);
		}
	}
	records_free(&recs);
}

TEST_F_TIMEOUT(many_tasks, each_of_many_candidates_is_recorded, 3600)
{
	int tasks = from_env("OOMTRACE_TASKS", 400);
	struct scan few, many;

	ASSERT_GE(MAX_TASKS, tasks);
	more_tasks(_metadata, self->pid, &self->ntasks, tasks / 8);
	scan_tasks(&few, self->pid, self->ntasks);
	more_tasks(_metadata, self->pid, &self->ntasks, tasks);
	scan_tasks(&many, self->pid, self->ntasks);
	EXPECT_EQ(0, few.lost);
	EXPECT_EQ(0, many.lost);
	/* Each of these tasks is recorded once, besides the hog and others. */
	EXPECT_EQ((unsigned long)(tasks / 8), few.ours);
	EXPECT_EQ((unsigned long)tasks, many.ours);
	EXPECT_LT((unsigned long)tasks, many.candidates);
	/* For information only: the machine is shared. */
	TH_LOG("%lu candidates: %llu ns each; %lu candidates: %llu ns each",
	       few.candidates, few.ns / (few.candidates ?: 1),
	       many.candidates, many.ns / (many.candidates ?: 1));
}

/* Move each task to the next of @n cgroups, so that neighbours differ. */
static void spread_tasks(struct __test_metadata *_metadata, const pid_t *pid,
			 int npids, struct memcg *group, int n)
{
	char file[256], text[16];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "group%d", i);
		ASSERT_TRUE(memcg_make(&group[i], text, MB(512)));
	}
	for (i = 0; i < npids; i++) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", group[i % n].dir);
		snprintf(text, sizeof(text), "%d", pid[i]);
		ASSERT_EQ(0, spill(file, text));
	}
}

/* How many candidates of an episode have all terms? */
static size_t count_with_terms(const struct records *recs, __u64 episode)
{
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++)
		n += recs->r[i].h.type == OOMTRACE_CANDIDATE &&
		     recs->r[i].candidate.episode == episode &&
		     HAS(&recs->r[i].candidate, candidate, rss_anon) &&
		     HAS(&recs->r[i].candidate, candidate, points);
	return n;
}

/* Add a cgroup's id to a set; returns the new size. */
static size_t add_id(__u64 *ids, size_t n, __u64 id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ids[i] == id)
			return n;
	ids[n] = id;
	return n + 1;
}

/* How many cgroups do an episode's begin and candidates name, or its paths? */
static size_t count_cgroups(const struct records *recs, __u64 episode, bool paths)
{
	static __u64 ids[MAX_TASKS];
	size_t i, n = 0;

	for (i = 0; i < recs->n; i++) {
		const union record *r = &recs->r[i];

		if (paths && r->h.type == OOMTRACE_NAME &&
		    r->name.episode == episode)
			n = add_id(ids, n, r->name.cgroup_id);
		else if (!paths && r->h.type == OOMTRACE_CANDIDATE &&
			 r->candidate.episode == episode)
			n = add_id(ids, n, r->candidate.cgroup_id);
		else if (!paths && r->h.type == OOMTRACE_OOM_BEGIN &&
			 r->begin.episode == episode)
			n = add_id(ids, n, r->begin.cgroup_id);
	}
	return n;
}

#define BEFORE	10
#define TOP	64

/*
 * Ten OOMs of a cgroup, then one of the machine with many tasks in many cgroups.
 * With the default sizes all of them stay, and nothing is lost.
 */
TEST_F_TIMEOUT(many_tasks, a_crowd_evicts_no_episode, 3600)
{
	int tasks = from_env("OOMTRACE_TASKS", 400), i, n;
	/* 25 cgroups for 400 tasks, 625 for 10,000. */
	int groups = tasks / 16, fd;
	struct memcg *group = calloc(groups, sizeof(*group)), small;
	const struct oomtrace_verdict *v;
	const struct oomtrace_oom_end *end;
	struct records recs = { };
	struct hog hog;
	char *last[] = { "oomtrace", "last", NULL };
	char *all[] = { "oomtrace", "last", "-v", NULL };
	static char said[1 << 16];
	unsigned long long ns;
	bool threads;

	ASSERT_NE(NULL, group);
	module_stop();
	module_start(NULL);
	ASSERT_TRUE(memcg_make(&small, "small", MB(1)));
	more_tasks(_metadata, self->pid, &self->ntasks, tasks);
	spread_tasks(_metadata, self->pid, self->ntasks, group, groups);
	threads = !own_module_load("kthreads");
	for (i = 0; i < BEFORE; i++) {
		hog_start(&hog, "--cgroup %s --grow 4", small.dir);
		EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	}
	hog_start(&hog, "--anon 4 --adj 1000 --hold");
	hog_ready(&hog);
	sysctl_set("kernel/sysrq", 1);
	spill("/proc/sysrq-trigger", "f");
	hog_wait(&hog);
	sleep_ms(500);
	/* Read only now: the records of all episodes are still there. */
	fd = device_open();
	device_drain(fd, &recs);
	close(fd);
	EXPECT_EQ(0, records_count(&recs, OOMTRACE_LOST));
	n = records_count(&recs, OOMTRACE_OOM_BEGIN);
	EXPECT_LE(BEFORE + 1, n);
	EXPECT_EQ(n, records_count(&recs, OOMTRACE_OOM_END));
	ASSERT_LE(BEFORE + 1, records_count(&recs, OOMTRACE_VERDICT));
	v = &records_get(&recs, OOMTRACE_VERDICT,
			 records_count(&recs, OOMTRACE_VERDICT) - 1)->verdict;
	end = &records_get(&recs, OOMTRACE_OOM_END, n - 1)->end;
	EXPECT_EQ(end->episode, v->episode);
	EXPECT_EQ(OOMTRACE_RECOMPUTED_AGREE, v->recomputed);
	EXPECT_TRUE(HAS(v, verdict, runner_up_pid));
	EXPECT_LT((unsigned int)tasks, end->candidates);
	EXPECT_EQ(0, end->missed);
	EXPECT_LE(threads ? 2000 : 10, end->exempt_kthread);
	EXPECT_EQ(1, end->exempt_init);
	if (!is_preempt_rt())
		EXPECT_LE(TOP, count_with_terms(&recs, v->episode));
	/* A cgroup without room for its path is counted once. */
	EXPECT_EQ(count_cgroups(&recs, v->episode, false),
		  count_cgroups(&recs, v->episode, true) +
		  stat_number("cgroups without a recorded path (no room)"));
	ns = now_ns();
	EXPECT_EQ(0, run_program(said, sizeof(said), last));
	ns = now_ns() - ns;
	EXPECT_IN("next in line", said);
	EXPECT_EQ(0, run_program(said, sizeof(said), all));
	EXPECT_IN("kernel threads, init", said);
	EXPECT_IN("Runner-up:", said);
	/* For information only: the machine is shared. */
	TH_LOG("%u candidates in %d cgroups, %u kernel threads: oomtrace last took %llu ms",
	       end->candidates, groups, end->exempt_kthread, ns / 1000000);
	records_free(&recs);
	if (threads)
		EXPECT_EQ(0, own_module_unload("kthreads"));
	end_tasks(self->pid, &self->ntasks);
	for (i = 0; i < groups; i++)
		memcg_remove(&group[i]);
	memcg_remove(&small);
	free(group);
}

/* A name of the maximum length. */
static void cgroup_path(char *path, size_t size, const struct memcg *top, int i)
{
	char name[256];

	memset(name, 'x', sizeof(name) - 1);
	name[255] = '\0';
	snprintf(name, 12, "%010d", i);
	name[10] = 'x';
	snprintf(path, size, "%s/%s", top->dir, name);
}

static void make_cgroups(struct __test_metadata *_metadata,
			 const struct memcg *top, __u64 *id, int n)
{
	char path[512], file[544];
	struct stat st;
	int i;

	for (i = 0; i < n; i++) {
		cgroup_path(path, sizeof(path), top, i);
		ASSERT_EQ(0, mkdir(path, 0755)) TH_LOG("%s", strerror(errno));
		ASSERT_EQ(0, stat(path, &st));
		id[i] = st.st_ino;
		snprintf(file, sizeof(file), "%s/memory.max", path);
		ASSERT_EQ(0, spill(file, "1M"));
	}
}

/* Cause one OOM in a cgroup: does the record have the cgroup's id? */
static bool oom_in(const char *path, __u64 id, int fd)
{
	struct records recs = { };
	const union record *begin;
	struct hog hog;
	bool good;

	hog_start(&hog, "--cgroup %s --grow 4", path);
	good = hog_wait(&hog) == 128 + SIGKILL;
	device_drain(fd, &recs);
	begin = records_get(&recs, OOMTRACE_OOM_BEGIN, 0);
	good = good && begin && begin->begin.memcg_id == id &&
	       records_count(&recs, OOMTRACE_VICTIM) == 1;
	records_free(&recs);
	return good;
}

/* Two OOMs in each of many cgroups that exist at the same time. */
TEST_F_TIMEOUT(many_tasks, many_cgroups_with_long_names, 7200)
{
	int n = from_env("OOMTRACE_CGROUPS", 25), i, found = 0;
	int fd = device_open_at_end();
	__u64 *id = calloc(n, sizeof(*id));
	struct oomtrace_info info;
	struct memcg top;
	char path[512];
	char *text;

	ASSERT_NE(NULL, id);
	/* Kernel memory of a cgroup is charged to its parent. */
	ASSERT_TRUE(memcg_make(&top, "top", MB(64 + n)));
	memcg_set(&top, "cgroup.subtree_control", "+memory");
	make_cgroups(_metadata, &top, id, n);
	for (i = 0; i < 2 * n; i++) {
		cgroup_path(path, sizeof(path), &top, i % n);
		found += oom_in(path, id[i % n], fd);
	}
	EXPECT_EQ(2 * n, found);
	TH_LOG("%d cgroups at once, %d OOMs, each recorded with its cgroup", n, found);
	/* Reading the texts still terminates. */
	text = slurp(DEBUGFS "/trace", NULL);
	EXPECT_IN("oom_begin", text);
	free(text);
	device_info(fd, &info);
	EXPECT_LE(2ULL * n, info.episodes);
	close(fd);
	for (i = 0; i < n; i++) {
		cgroup_path(path, sizeof(path), &top, i);
		rmdir(path);
	}
	memcg_remove(&top);
	free(id);
}

TEST_HARNESS_MAIN
