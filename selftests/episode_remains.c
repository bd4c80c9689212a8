// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: while a killed process does not go, a record a second has what is left of it:
 * its threads, the function that one of them waits in, its memory, and whether the
 * kernel's reaper has freed that or given up. A process that goes leaves no such
 * record, if the kernel killed it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/bytes.h"
#include "lib/lib.h"
#include "lib/linger.h"
#include "lib/oom.h"
#include "lib/test.h"

#define LIMIT_MB	24
#define HELD_MB		13
#define CROWD		80

/* A process that does not go until release_stuck() lets it. */
struct stuck {
	volatile pid_t thread;
	const char *parameter;
	bool alone;	/* no second thread: the process itself waits */
	bool shares;	/* another process has its memory, too */
	bool headless;	/* the first thread has gone */
};

#define LONG_MS	"60000"

FIXTURE(remains) {
	int fd;
	struct memcg cg;
	struct records recs;
	struct stuck *stuck;
};

FIXTURE_SETUP(remains)
{
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK))
		SKIP(return, "no cgroup v2 memory controller");
	module_start(NULL);
	self->fd = device_open();
	memcg_make(&self->cg, "remains", MB(LIMIT_MB));
	self->stuck = alloc_shared(sizeof(*self->stuck));
}

FIXTURE_TEARDOWN(remains)
{
	if (!self->fd)
		return;
	close(self->fd);
	/* A test that failed may have left a process that does not go. */
	spill(PROVOKE_RELEASE, "1");
	memcg_remove(&self->cg);
	EXPECT_ALL_INTENDED(&self->recs);
	records_free(&self->recs);
	provoke_unload();
	module_stop();
}

static char said[1 << 16];

#define OOMTRACE(...) \
	run_program(said, sizeof(said), \
		    (char *[]){ "oomtrace", __VA_ARGS__, NULL })

static void *wait_deaf(void *arg)
{
	struct stuck *s = arg;

	prctl(PR_SET_NAME, "io");
	s->thread = syscall(SYS_gettid);
	spill(s->parameter, LONG_MS);
	return NULL;
}

static bool has_state(pid_t tid, char wanted)
{
	char path[64], *text, *state;
	bool yes;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	text = slurp(path, NULL);
	state = strrchr(text, ')');
	yes = state && state[2] == wanted;
	free(text);
	return yes;
}

static int just_sit(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

/* Hold memory; a thread then waits in the kernel, and no signal reaches it. */
static pid_t start_stuck(struct stuck *s, const struct memcg *cg)
{
	static char stack[65536] __attribute__((aligned(16)));
	pthread_t thread;
	size_t i;
	char *at;
	pid_t pid = fork();

	if (pid) {
		while (!s->thread || !has_state(s->thread, 'D') ||
		       (s->headless && !has_state(pid, 'Z')))
			sleep_ms(5);
		return pid;
	}
	prctl(PR_SET_NAME, "nfsapp");
	spill("/proc/self/oom_score_adj", "0");
	if (cg)
		memcg_set(cg, "cgroup.procs", "0");
	at = mmap(NULL, MB(HELD_MB), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; at != MAP_FAILED && i < MB(HELD_MB); i += 4096)
		at[i] = 1;
	if (s->shares && clone(just_sit, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) < 0)
		_exit(1);
	if (s->alone)
		wait_deaf(s);
	else if (pthread_create(&thread, NULL, wait_deaf, s))
		_exit(1);
	if (s->headless)
		pthread_exit(NULL);
	for (;;)
		pause();
	return -1;
}

static int release_stuck(pid_t pid)
{
	if (spill(PROVOKE_RELEASE, "1"))
		die("cannot write " PROVOKE_RELEASE);
	return wait_child(pid);
}

/* Another process of the cgroup needs that much memory. */
static void make_oom(const struct memcg *cg, int mb)
{
	struct hog other;

	hog_start(&other, "--cgroup %s --comm other --grow %d", cg->dir, mb);
	hog_wait(&other);
}

/*
 * The function of the module of the tests that a thread waits in, by its stack:
 * /proc/PID/wchan is 0 before 5.16.
 */
static void read_wchan(pid_t tid, char *buf, size_t size)
{
	char path[64], name[32], *text;
	int length = 0;

	snprintf(path, sizeof(path), "/proc/%d/stack", tid);
	/* The stack of a thread that runs has no such first line, or none at all. */
	while (!length) {
		text = slurp(path, NULL);
		if (sscanf(text, "[<0>] %31[^+]+%*s [oomtrace_provoke]%n", name, &length) != 1)
			length = 0;
		free(text);
		sleep_ms(1);
	}
	snprintf(buf, size, "%s [oomtrace_provoke]", name);
}

static const struct oomtrace_remains *find_remains(const struct records *recs, size_t n)
{
	const union record *r = records_get(recs, OOMTRACE_REMAINS, n);

	return r ? &r->remains : NULL;
}

/* The last record of a victim, or NULL. */
static const struct oomtrace_remains *find_last_remains(const struct records *recs, pid_t tgid)
{
	const struct oomtrace_remains *r, *found = NULL;
	size_t i;

	for (i = 0; (r = find_remains(recs, i)); i++)
		if (r->tgid == tgid)
			found = r;
	return found;
}

/*
 * Wait for a record of a victim that is still there with that state of the reaper (-1:
 * any), or for the one that says that it is gone (GONE). The last record, or NULL. On a
 * slow kernel other victims of the test are still there as well.
 */
#define GONE	(-2)
static const struct oomtrace_remains *wait_for_remains(int fd, struct records *recs,
						       pid_t tgid, int reaper)
{
	const struct oomtrace_remains *r;
	int tries;

	for (tries = 0; tries < 2000; tries++) {
		device_drain(fd, recs);
		r = find_last_remains(recs, tgid);
		if (r && (reaper == GONE ? !r->threads :
			  r->threads && (reaper == -1 || (HAS(r, remains, reaper) &&
							  r->reaper == reaper))))
			return r;
		sleep_ms(10);
	}
	return NULL;
}

TEST_F(remains, a_thread_that_no_signal_reaches_is_told_while_it_lasts)
{
	const struct oomtrace_remains *r, *first = NULL;
	unsigned long long last_ns = 0;
	char wchan[64], want[160], episode[24];
	const union record *v;
	size_t i, n;
	pid_t pid;

	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	self->stuck->parameter = PROVOKE("stall_ms");
	pid = start_stuck(self->stuck, &self->cg);
	read_wchan(self->stuck->thread, wchan, sizeof(wchan));
	/* It fits once the memory of the other is free. */
	make_oom(&self->cg, 14);
	r = wait_for_remains(self->fd, &self->recs, pid, OOMTRACE_REAPER_FINISHED);
	EXPECT_NE(NULL, r);
	v = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, v);
	/* The other one may be killed, too, before that memory is back. */
	snprintf(episode, sizeof(episode), "%llu", (unsigned long long)v->victim.episode);
	EXPECT_EQ(0, OOMTRACE("last", "-v", episode));
	snprintf(want, sizeof(want), "nfsapp[%d] is still there, ", pid);
	EXPECT_IN(want, said);
	snprintf(want, sizeof(want),
		 "1 thread is left, in state D (no signal reaches it): io[%d] waits in %s;",
		 self->stuck->thread, wchan);
	EXPECT_IN(want, said);
	/* The reaper frees all but shared memory, which the process may not have. */
	if (!strstr(said, "; none of its memory is left"))
		EXPECT_IN(" are not freed, the reaper has freed what it can, called by ", said);
	EXPECT_EQ(0, OOMTRACE("last", episode));
	snprintf(want, sizeof(want), "Left     nfsapp[%d] is still there, ", pid);
	EXPECT_IN(want, said);
	EXPECT_EQ(128 + SIGKILL, release_stuck(pid));
	EXPECT_NE(NULL, wait_for_remains(self->fd, &self->recs, pid, GONE));
	EXPECT_EQ(0, OOMTRACE("last", "-v", episode));
	EXPECT_IN("; it was gone after ", said);

	v = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, v);
	EXPECT_EQ(pid, v->victim.tgid);
	n = records_count(&self->recs, OOMTRACE_REMAINS);
	/* The reaper comes two seconds after the kill. */
	ASSERT_LE(3, n);
	for (i = 0; (r = find_remains(&self->recs, i)); i++) {
		EXPECT_EQ(v->victim.episode, r->episode);
		EXPECT_EQ(v->victim.pid, r->pid);
		EXPECT_EQ(pid, r->tgid);
		EXPECT_STREQ("nfsapp", r->comm);
		/* One a second, and the worker may be late. */
		EXPECT_LT(last_ns + 500000000ULL, r->since_kill_ns);
		last_ns = r->since_kill_ns;
		if (i == n - 1)
			break;
		if (!first)
			first = r;
		EXPECT_EQ(1, r->threads);
		EXPECT_EQ(1, r->blocked);
		EXPECT_EQ(self->stuck->thread, r->thread_pid);
		EXPECT_STREQ("io", r->thread_comm);
		EXPECT_STREQ("D", r->state);
		EXPECT_STREQ(wchan, r->wchan);
		EXPECT_IN("param_attr_store", r->callers);
		EXPECT_LE(1, r->mm_users);
	}
	ASSERT_NE(NULL, first);
	/* The last one says that it is gone, and nothing more. */
	r = find_remains(&self->recs, n - 1);
	EXPECT_EQ(0, r->threads);
	EXPECT_FALSE(HAS(r, remains, thread_pid));
	EXPECT_FALSE(HAS(r, remains, wchan));
	EXPECT_FALSE(HAS(r, remains, rss_anon));
	EXPECT_LT(2000000000ULL, r->since_kill_ns);
	/* Before the reaper came it had its memory, and not afterwards. */
	EXPECT_EQ(OOMTRACE_REAPER_WAITING, first->reaper);
	EXPECT_LE((long)MB(HELD_MB) / PAGE - 64, first->rss_anon);
	r = find_remains(&self->recs, n - 2);
	EXPECT_GT(64, r->rss_anon);
}

TEST_F(remains, a_reaper_that_gives_up_is_told)
{
	const struct oomtrace_remains *last;
	char episode[24];
	pid_t pid;

	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	self->stuck->parameter = PROVOKE("lock_ms");
	pid = start_stuck(self->stuck, &self->cg);
	make_oom(&self->cg, 64);
	last = wait_for_remains(self->fd, &self->recs, pid, OOMTRACE_REAPER_GAVE_UP);
	ASSERT_NE(NULL, last);
	/* The other thread cannot leave the address space either. */
	EXPECT_LE(1, last->blocked);
	EXPECT_EQ(last->threads, last->blocked);
	EXPECT_LE((long)MB(HELD_MB) / PAGE - 64, last->rss_anon);
	/* The other process is killed afterwards. */
	snprintf(episode, sizeof(episode), "%llu", (unsigned long long)last->episode);
	EXPECT_EQ(0, OOMTRACE("last", "-v", episode));
	EXPECT_IN("the reaper has given up, since the address space was locked", said);
	EXPECT_EQ(128 + SIGKILL, release_stuck(pid));
}

TEST_F(remains, a_reaper_that_may_not_free_the_memory_is_told)
{
	const struct oomtrace_remains *r;
	char path[64], text[24];
	pid_t pid = linger_clone_of_init();

	if (!pid)
		SKIP(return, "process 1 of this machine cannot be cloned");
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	EXPECT_EQ(0, spill(path, "1000"));
	if (!proc_oom_score(pid)) {
		linger_end(pid);
		SKIP(return, "the kernel chooses a task with this memory once in a boot");
	}
	snprintf(text, sizeof(text), "%d", pid);
	memcg_set(&self->cg, "cgroup.procs", text);
	make_oom(&self->cg, 64);
	r = wait_for_remains(self->fd, &self->recs, pid, -1);
	EXPECT_EQ(128 + SIGKILL, linger_end(pid));
	ASSERT_NE(NULL, r);
	EXPECT_EQ(pid, r->pid);
	EXPECT_EQ(OOMTRACE_REAPER_BARRED, r->reaper);
	EXPECT_TRUE(DERIVED(r, remains, reaper));
	EXPECT_LE(2, r->mm_users);
	EXPECT_EQ(1, r->threads);
	EXPECT_EQ(0, r->blocked);
	EXPECT_STREQ("t", r->state);
	/* The other process is killed afterwards. */
	snprintf(text, sizeof(text), "%llu", (unsigned long long)r->episode);
	EXPECT_EQ(0, OOMTRACE("last", "-v", text));
	EXPECT_IN("the reaper may not free it: a process shares it that may not be killed",
		  said);
}

static pid_t target;

static int kill_as_daemon(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "earlyoom");
	return kill(target, SIGKILL);
}

/*
 * Of two that share their memory, the kernel chooses the one that was made last, and
 * queues the memory under its pid. The other one stays; a daemon may have killed it
 * before.
 */
static void reap_shared_memory(struct __test_metadata *_metadata,
			       struct _test_data_remains *self, bool killed_before)
{
	const struct oomtrace_remains *r;
	size_t i;
	pid_t pid;

	memcg_set(&self->cg, "memory.oom.group", "1");
	self->stuck->parameter = PROVOKE("stall_ms");
	self->stuck->alone = true;
	self->stuck->shares = true;
	pid = start_stuck(self->stuck, &self->cg);
	target = pid;
	if (killed_before)
		EXPECT_EQ(0, run_child(kill_as_daemon, NULL));
	make_oom(&self->cg, 14);
	r = wait_for_remains(self->fd, &self->recs, pid, OOMTRACE_REAPER_FINISHED);
	EXPECT_NE(NULL, r);
	for (i = 0; (r = find_remains(&self->recs, i)); i++)
		EXPECT_FALSE(HAS(r, remains, reaper) && r->reaper == OOMTRACE_REAPER_BARRED);
	EXPECT_EQ(128 + SIGKILL, release_stuck(pid));
	EXPECT_NE(NULL, wait_for_remains(self->fd, &self->recs, pid, GONE));
}

TEST_F(remains, the_reaper_works_for_all_that_share_the_memory)
{
	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	if (!memcg_has(&self->cg, "memory.oom.group"))
		SKIP(return, "no memory.oom.group");
	reap_shared_memory(_metadata, self, false);
}

TEST_F(remains, also_for_one_that_a_daemon_killed_before)
{
	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	if (!memcg_has(&self->cg, "memory.oom.group"))
		SKIP(return, "no memory.oom.group");
	reap_shared_memory(_metadata, self, true);
}

/* The kernel then marks another thread than the one that the daemon's kill names. */
TEST_F(remains, a_process_killed_twice_is_one_process_in_the_records)
{
	const struct oomtrace_remains *r;
	const union record *victim;
	char episode[24];
	size_t i;

	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	self->stuck->parameter = PROVOKE("stall_ms");
	self->stuck->headless = true;
	target = start_stuck(self->stuck, &self->cg);
	EXPECT_EQ(0, run_child(kill_as_daemon, NULL));
	EXPECT_NE(NULL, wait_for_remains(self->fd, &self->recs, target, -1));
	make_oom(&self->cg, 14);
	EXPECT_EQ(128 + SIGKILL, release_stuck(target));
	EXPECT_NE(NULL, wait_for_remains(self->fd, &self->recs, target, GONE));
	victim = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(target, victim->victim.tgid);
	for (i = 0; (r = find_remains(&self->recs, i)); i++)
		if (r->tgid == target)
			EXPECT_EQ(victim->victim.pid, r->pid);
	/* The kernel's kill. */
	victim = records_get(&self->recs, OOMTRACE_VICTIM, 1);
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(self->stuck->thread, victim->victim.pid);
	snprintf(episode, sizeof(episode), "%llu",
		 (unsigned long long)find_last_remains(&self->recs, target)->episode);
	EXPECT_EQ(0, OOMTRACE("last", "-v", episode));
	EXPECT_IN("; it was gone after ", said);
}

/* kill -9 comes before the OOM: the kernel chooses the process, and sends no signal. */
TEST_F(remains, a_process_that_is_dying_already_is_not_killed)
{
	const union record *victim;
	char want[80];
	pid_t pid;

	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	self->stuck->parameter = PROVOKE("stall_ms");
	self->stuck->alone = true;
	pid = start_stuck(self->stuck, &self->cg);
	kill(pid, SIGKILL);
	make_oom(&self->cg, 14);
	device_drain(self->fd, &self->recs);
	victim = records_get(&self->recs, OOMTRACE_VICTIM, 0);
	ASSERT_NE(NULL, victim);
	EXPECT_EQ(pid, victim->victim.tgid);
	EXPECT_EQ(OOMTRACE_WHY_DYING, victim->victim.why);
	EXPECT_FALSE(HAS(&victim->victim, victim, signal));
	snprintf(want, sizeof(want), "%llu", (unsigned long long)victim->victim.episode);
	EXPECT_EQ(0, OOMTRACE("last", want));
	EXPECT_IN("it was dying already", said);
	EXPECT_EQ(0, OOMTRACE("last", "-v", want));
	EXPECT_IN("no task was killed: the chosen one was dying already", said);
	EXPECT_EQ(0, OOMTRACE("list", "--all"));
	snprintf(want, sizeof(want), "io[%d], dying already", pid);
	EXPECT_IN(want, said);
	EXPECT_EQ(128 + SIGKILL, release_stuck(pid));
}

TEST_F(remains, what_the_reaper_does_while_hooks_are_off_is_not_guessed)
{
	const struct oomtrace_remains *r;
	size_t i, n = 0;
	int tries;
	pid_t pid;

	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	self->stuck->parameter = PROVOKE("stall_ms");
	pid = start_stuck(self->stuck, &self->cg);
	make_oom(&self->cg, 14);
	/* The reaper begins two seconds after the kill, before 6.1 at once. */
	ASSERT_EQ(0, spill(DEBUGFS "/enable", "0"));
	for (tries = 0; tries < 600 && n < 4; tries++) {
		sleep_ms(100);
		device_drain(self->fd, &self->recs);
		for (i = n = 0; (r = find_remains(&self->recs, i)); i++)
			n += r->tgid == pid;
	}
	EXPECT_EQ(4, n);
	for (i = 0; (r = find_remains(&self->recs, i)); i++)
		EXPECT_FALSE(HAS(r, remains, reaper) && r->reaper == OOMTRACE_REAPER_BARRED);
	r = find_last_remains(&self->recs, pid);
	ASSERT_NE(NULL, r);
	EXPECT_LT(0, r->threads);
	EXPECT_FALSE(HAS(r, remains, reaper));
	EXPECT_EQ(0, spill(DEBUGFS "/enable", "1"));
	EXPECT_EQ(128 + SIGKILL, release_stuck(pid));
}

TEST_F(remains, the_victim_of_a_daemon_is_told_too)
{
	const struct oomtrace_remains *r;

	if (!provoke_load())
		SKIP(return, "no oomtrace_provoke.ko for this kernel");
	self->stuck->parameter = PROVOKE("stall_ms");
	target = start_stuck(self->stuck, NULL);
	EXPECT_EQ(0, run_child(kill_as_daemon, NULL));
	EXPECT_NE(NULL, wait_for_remains(self->fd, &self->recs, target, -1));
	EXPECT_EQ(128 + SIGKILL, release_stuck(target));
	EXPECT_NE(NULL, wait_for_remains(self->fd, &self->recs, target, GONE));
	r = find_remains(&self->recs, 0);
	ASSERT_NE(NULL, r);
	EXPECT_EQ(target, r->tgid);
	EXPECT_EQ(1, r->threads);
	EXPECT_STREQ("io", r->thread_comm);
	EXPECT_FALSE(HAS(r, remains, reaper));
	/* No reaper comes: its memory stays. */
	EXPECT_LE((long)MB(HELD_MB) / PAGE - 64, r->rss_anon);
	EXPECT_EQ(0, OOMTRACE("last", "-v"));
	EXPECT_IN(" was still there ", said);
}

TEST_F(remains, a_victim_that_goes_has_no_such_record)
{
	const struct oomtrace_remains *r;
	const union record *reap;
	struct hog hog;
	pid_t pid, later;
	size_t i;

	hog_start(&hog, "--cgroup %s --comm greedy --grow 64", self->cg.dir);
	pid = hog.pid;
	EXPECT_EQ(128 + SIGKILL, hog_wait(&hog));
	/* All victims are looked at together: one that is killed later has a record. */
	later = linger_start(&self->cg, "later", 64);
	r = wait_for_remains(self->fd, &self->recs, later, -1);
	EXPECT_EQ(128 + SIGKILL, linger_end(later));
	ASSERT_NE(NULL, r);
	ASSERT_EQ(pid, records_get(&self->recs, OOMTRACE_VICTIM, 0)->victim.tgid);
	for (i = 0; (reap = records_get(&self->recs, OOMTRACE_REAP, i)); i++)
		if (reap->reap.pid == pid && reap->reap.since_kill_ns > 900000000)
			SKIP(return, "this machine takes a second to free 64 MiB");
	EXPECT_EQ(NULL, find_last_remains(&self->recs, pid));
	EXPECT_EQ(1, records_count(&self->recs, OOMTRACE_REMAINS));
}

/* The number of processes in the cgroup. */
static size_t count_members(const struct memcg *cg)
{
	char path[256], *text, *at;
	size_t n = 0;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cg->dir);
	text = slurp(path, NULL);
	for (at = text; (at = strchr(at, '\n')); at++)
		n++;
	free(text);
	return n;
}

TEST_F(remains, victims_beyond_the_table_are_counted)
{
	pid_t pids[CROWD + 1];
	size_t i, victims = 0;

	if (!memcg_has(&self->cg, "memory.oom.group"))
		SKIP(return, "no memory.oom.group");
	memcg_set(&self->cg, "memory.oom.group", "1");
	for (i = 0; i < CROWD; i++)
		pids[i] = linger_start(&self->cg, "crowd", 0);
	while (count_members(&self->cg) < CROWD)
		sleep_ms(10);
	pids[CROWD] = linger_start(&self->cg, "large", 64);
	for (i = 0; i < 2000 && victims <= CROWD; i++) {
		sleep_ms(10);
		device_drain(self->fd, &self->recs);
		victims = records_count(&self->recs, OOMTRACE_VICTIM);
	}
	EXPECT_EQ(CROWD + 1, victims);
	EXPECT_EQ(victims - 64, stat_number("victims not watched until they are gone"));
	for (i = 0; i <= CROWD; i++)
		EXPECT_EQ(128 + SIGKILL, linger_end(pids[i]));
}

TEST_HARNESS_MAIN
