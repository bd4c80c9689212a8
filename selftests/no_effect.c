// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: oomtrace changes no decision. The same seeded requests are granted
 * and refused, and the same processes die in the same order, whether the module
 * is unloaded, loaded, recording everything, or disabled.
 *
 * Other processes' memory must not change a decision. So requests are multiples
 * of a unit far larger than any such change, and victims differ by megabytes.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "lib/commit.h"
#include "lib/oom.h"
#include "lib/test.h"

/* splitmix64 */
static unsigned long long rnd_state;

static unsigned int random_below(unsigned int n)
{
	unsigned long long z = rnd_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (z ^ (z >> 31)) % n;
}

/* The states of the module to compare; in the first it is not loaded. */
static void not_there(void)
{
	module_stop();
}

static void loaded(void)
{
	module_start(NULL);
}

static void recording_everything(void)
{
	module_start("commit_records=all near_percent=100");
}

static void switched_off(void)
{
	module_start(NULL);
	if (spill(DEBUGFS "/enable", "0"))
		die("cannot disable the module");
}

static const struct {
	const char *name;
	void (*set_up)(void);
} states[] = {
	{ "unloaded", not_there },
	{ "loaded", loaded },
	{ "recording everything", recording_everything },
	{ "disabled", switched_off },
	{ "unloaded again", not_there },
};

FIXTURE(no_effect) {
	struct memcg cg;
};

FIXTURE_SETUP(no_effect)
{
	memset(self, 0, sizeof(*self));
	module_stop();
}

FIXTURE_TEARDOWN(no_effect)
{
	memcg_remove(&self->cg);
	module_stop();
}

/* ---- grants and refusals ---- */

#define REQUESTS	400
#define HELD		24
#define UNIT		MB(256)

static char *shared;	/* one character per request: the errno */

static char errno_char(int err)
{
	return err == 0 ? '.' : err == ENOMEM ? 'M' : '?';
}

static int exit_at_once(void *unused)
{
	(void)unused;
	return 0;
}

/* fork() copies all mappings, and is granted or refused as a whole. */
static char try_to_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return errno_char(errno);
	if (!pid)
		_exit(exit_at_once(NULL));
	wait_child(pid);
	return errno_char(0);
}

static char make_request(void **held, size_t *size)
{
	unsigned int what = random_below(8), i = random_below(HELD);
	size_t bytes = (1 + random_below(4)) * UNIT;
	void *at;

	if (what == 0) {
		return try_to_fork();
	} else if (what == 1 && held[i]) {
		/* From read-only to private and writable: charged now. */
		at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
		if (at == MAP_FAILED)
			return errno_char(errno);
		what = mprotect(at, bytes, PROT_READ | PROT_WRITE) ? errno : 0;
		munmap(at, bytes);
		return errno_char(what);
	} else if (what == 2 && held[i]) {
		at = mremap(held[i], size[i], size[i] + UNIT, MREMAP_MAYMOVE);
		if (at == MAP_FAILED)
			return errno_char(errno);
		held[i] = at;
		size[i] += UNIT;
		return errno_char(0);
	}
	if (held[i])
		munmap(held[i], size[i]);
	held[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       (what & 1 ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS,
		       -1, 0);
	size[i] = bytes;
	if (held[i] != MAP_FAILED)
		return errno_char(0);
	held[i] = NULL;
	return errno_char(errno);
}

static int run_requests(void *unused)
{
	void *held[HELD] = { };
	size_t size[HELD] = { };
	int i;

	(void)unused;
	rnd_state = 7;
	/* The counter that decides also has per-CPU parts. */
	pin_to_cpu(0);
	for (i = 0; i < REQUESTS; i++)
		shared[i] = make_request(held, size);
	return 0;
}

/* A limit of 16.5 units: other processes do not use half a unit. */
static void set_limit(void)
{
	sysctl_set("vm/admin_reserve_kbytes", 0);
	sysctl_set("vm/user_reserve_kbytes", 0);
	sysctl_set("vm/overcommit_kbytes",
		   meminfo("Committed_AS") + 33 * (UNIT >> 11));
}

static void compare_requests(struct __test_metadata *_metadata, int mode)
{
	char first[REQUESTS + 1] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		states[i].set_up();
		set_limit();
		sysctl_set("vm/overcommit_memory", mode);
		memset(shared, 0, REQUESTS + 1);
		ASSERT_EQ(0, run_child(run_requests, NULL));
		sysctl_restore();
		if (i == 0)
			strcpy(first, shared);
		EXPECT_STREQ(first, shared) TH_LOG("%s", states[i].name);
	}
	/* Some requests were granted and others refused. */
	EXPECT_NE(NULL, strchr(first, '.'));
	EXPECT_EQ(NULL, strchr(first, '?')) TH_LOG("%s", first);
	if (mode != ALWAYS)
		EXPECT_NE(NULL, strchr(first, 'M'));
}

TEST_F(no_effect, requests_are_granted_and_refused_as_without_it)
{
	int mode;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	for (mode = GUESS; mode <= NEVER; mode++)
		compare_requests(_metadata, mode);
}

/* ---- victims ---- */

#define HOGS	5

/*
 * The kernel skips a victim as soon as its pages are unmapped (MMF_OOM_SKIP),
 * but uncharges them from the cgroup slightly later. A task that runs in
 * between can make the kernel kill one more. A real-time victim on the only CPU
 * leaves no such window.
 */
static void die_uninterrupted(pid_t pid)
{
	struct sched_param fifo = { .sched_priority = 1 };

	if (sched_setscheduler(pid, SCHED_FIFO, &fifo))
		die("cannot make %d a real-time task: %s", pid, strerror(errno));
}

/*
 * Hogs of seeded sizes and oom_score_adj in a cgroup, and one that grows until
 * it is killed: the order of the victims as a string of letters.
 */
static void run_victims(struct memcg *cg, unsigned int seed, char *order)
{
	int kmsg = kmsg_open(), i, pid;
	struct hog hog[HOGS + 1];
	char *log, *at;

	rnd_state = seed;
	/* Sizes of 2, 4, ... MiB, 30 MiB together. */
	for (i = 0; i < HOGS; i++) {
		hog_start(&hog[i], "--cgroup %s --anon %u --adj %d --hold",
			  cg->dir, 2 + 2 * i,
			  (int)random_below(3) * 300 - 300);
		hog_ready(&hog[i]);
		die_uninterrupted(hog[i].pid);
	}
	hog_start(&hog[HOGS], "--cgroup %s --grow 100", cg->dir);
	hog_wait(&hog[HOGS]);
	log = kmsg_text(kmsg);
	close(kmsg);
	for (at = log; (at = strstr(at, "Killed process ")); at++) {
		pid = atoi(at + strlen("Killed process "));
		for (i = 0; i <= HOGS; i++)
			if (hog[i].pid == pid || (i == HOGS && !hog[i].pid))
				break;
		*order++ = 'a' + i;
	}
	*order = '\0';
	free(log);
	for (i = 0; i < HOGS; i++)
		hog_kill(&hog[i]);
}

TEST_F(no_effect, the_same_processes_die_in_the_same_order)
{
	char first[4][64] = { }, order[64];
	unsigned int seed;
	size_t i;

	ASSERT_TRUE(memcg_make(&self->cg, "same", MB(40)));
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		states[i].set_up();
		for (seed = 0; seed < ARRAY_SIZE(first); seed++) {
			run_victims(&self->cg, seed, order);
			if (i == 0)
				strcpy(first[seed], order);
			EXPECT_STREQ(first[seed], order)
				TH_LOG("seed %u, %s", seed, states[i].name);
		}
	}
	for (seed = 0; seed < ARRAY_SIZE(first); seed++) {
		TH_LOG("seed %u: %s", seed, first[seed]);
		EXPECT_LT(0, strlen(first[seed]));
	}
	/* Different seeds have different outcomes. */
	EXPECT_TRUE(strcmp(first[0], first[1]) || strcmp(first[0], first[2]) ||
		    strcmp(first[0], first[3]));
}

/* Three kills by sysrq, as letters in the order of the victims. */
static void run_sysrq(char *order)
{
	static const int adj[] = { 200, 900, 500 };
	struct hog hog[3];
	int n, i;

	for (i = 0; i < 3; i++) {
		hog_start(&hog[i], "--anon 4 --adj %d --hold", adj[i]);
		hog_ready(&hog[i]);
	}
	sysctl_set("kernel/sysrq", 1);
	for (n = 0; n < 3; n++) {
		int wait;

		spill("/proc/sysrq-trigger", "f");
		for (wait = 0; wait < 2000; wait++) {
			for (i = 0; i < 3; i++)
				if (hog[i].pid && waitpid(hog[i].pid, NULL,
							  WNOHANG) > 0)
					break;
			if (i < 3)
				break;
			sleep_ms(5);
		}
		order[n] = 'a' + i;
		if (i < 3) {
			close(hog[i].in);
			close(hog[i].out);
			hog[i].pid = 0;
		}
	}
	order[n] = '\0';
	for (i = 0; i < 3; i++)
		hog_kill(&hog[i]);
}

TEST_F(no_effect, sysrq_kills_the_same)
{
	char order[8];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		states[i].set_up();
		run_sysrq(order);
		EXPECT_STREQ("bca", order) TH_LOG("%s", states[i].name);
	}
}

TEST_HARNESS_MAIN
