// SPDX-License-Identifier: GPL-2.0
/*
 * Promise: a machine that runs out of memory repeatedly, with readers that
 * cannot allocate either, survives. Every kill that the kernel counts is
 * recorded or counted as lost.
 *
 * For a machine of 128 MB, half of which the kernel uses. OOMTRACE_SECONDS in
 * the environment sets the length of the storm (default 10).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/lib.h"
#include "lib/test.h"

static pid_t parent_of(pid_t pid)
{
	char path[64], *text, *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = slurp(path, NULL);
	at = text ? strstr(text, "\nPPid:") : NULL;
	pid = at ? atoi(at + 6) : 0;
	free(text);
	return pid;
}

/* Apply to the test and its ancestors, so that only the others are killed. */
static void adjust_the_test(const char *adj)
{
	char path[64];
	pid_t pid;

	for (pid = getpid(); pid > 1; pid = parent_of(pid)) {
		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
		spill(path, adj);
	}
}

FIXTURE(oom_storm) {
};

FIXTURE_SETUP(oom_storm)
{
	adjust_the_test("-1000");
	module_start(NULL);
}

FIXTURE_TEARDOWN(oom_storm)
{
	module_stop();
	adjust_the_test("0");
}

/* A counter of /proc/vmstat; allocates nothing. */
static unsigned long counter_of(const char *name)
{
	static char text[1 << 14];
	int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	char *at;

	if (n <= 0)
		die("cannot read /proc/vmstat");
	close(fd);
	text[n] = '\0';
	at = strstr(text, name);
	if (!at)
		die("/proc/vmstat has no %s", name);
	return strtoul(at + strlen(name), NULL, 10);
}

/* Allocate in steps without end. */
static void allocate_forever(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Do not inherit the test's exemption. */
	if (spill("/proc/self/oom_score_adj", "500"))
		_exit(1);
	for (;;) {
		char *at = mmap(NULL, MB(4), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		size_t i;

		if (at == MAP_FAILED)
			continue;
		for (i = 0; i < MB(4); i += PAGE)
			((volatile char *)at)[i] = 1;
	}
}

struct counted {
	unsigned long victims;	/* records of kills */
	unsigned long begins;
	unsigned long ends;
	unsigned long lost;	/* lost records of the OOM ring */
};

static void count_records(struct counted *c, const char *buf, ssize_t n)
{
	const union record *r;
	ssize_t at;

	for (at = 0; at < n; at += r->h.size) {
		r = (const void *)(buf + at);
		/* A chosen task that is already exiting is not killed. */
		if (r->h.type == OOMTRACE_VICTIM)
			c->victims += !!HAS(&r->victim, victim, signal);
		else if (r->h.type == OOMTRACE_OOM_BEGIN)
			c->begins++;
		else if (r->h.type == OOMTRACE_OOM_END)
			c->ends++;
		else if (r->h.type == OOMTRACE_LOST &&
			 r->lost.ring == OOMTRACE_RING_OOM)
			c->lost += r->lost.count;
	}
}

/* Read all records; allocates nothing. */
static void drain_device(int fd, struct counted *c)
{
	static __u64 buf[1 << 12];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		count_records(c, (char *)buf, n);
}

/* A reader of the text files that can be killed. */
static void read_texts(void)
{
	static const char * const files[] = { "trace", "last_oom", "stats" };
	static char buf[1 << 14];
	char path[128];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (spill("/proc/self/oom_score_adj", "0"))
		_exit(1);
	for (i = 0;; i++) {
		int fd;

		snprintf(path, sizeof(path), DEBUGFS "/%s",
			 files[i % ARRAY_SIZE(files)]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
			;
		if (fd >= 0)
			close(fd);
	}
}

/* Always leave a task to kill while others are dying, or the kernel panics. */
static void wait_to_be_killed(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (spill("/proc/self/oom_score_adj", "0"))
		_exit(1);
	for (;;)
		pause();
}

static void (*const cast[])(void) = {
	allocate_forever, allocate_forever, read_texts,
	wait_to_be_killed, wait_to_be_killed, wait_to_be_killed,
	wait_to_be_killed, wait_to_be_killed, wait_to_be_killed,
};

/* Replace each process that died. */
static void restart_cast(pid_t *pid)
{
	size_t i;

	for (i = ARRAY_SIZE(cast); i-- > 0;) {
		if (pid[i] > 0 && waitpid(pid[i], NULL, WNOHANG) <= 0)
			continue;
		pid[i] = fork();
		if (!pid[i])
			cast[i]();
	}
}

static void dismiss_cast(const pid_t *pid)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cast); i++)
		if (pid[i] > 0 && !kill(pid[i], SIGKILL))
			waitpid(pid[i], NULL, 0);
}

TEST_F_TIMEOUT(oom_storm, every_kill_is_recorded_or_counted, 3600)
{
	const char *env = getenv("OOMTRACE_SECONDS");
	unsigned long long until = now_ns() +
				   (env ? atoll(env) : 10) * 1000000000ULL;
	pid_t pid[ARRAY_SIZE(cast)] = { };
	int fd = device_open_at_end();
	struct counted c = { };
	unsigned long kernel;

	sysctl_set("vm/oom_dump_tasks", 0);
	/* Reserves for dying tasks, which others cannot use. */
	sysctl_set("vm/min_free_kbytes", 4096);
	kernel = counter_of("\noom_kill ");
	/* A slow machine needs longer for a few kills. */
	while (now_ns() < until ||
	       (counter_of("\noom_kill ") - kernel < 3 &&
		now_ns() < until + 120000000000ULL)) {
		restart_cast(pid);
		drain_device(fd, &c);
		sleep_ms(10);
	}
	dismiss_cast(pid);
	sleep_ms(100);
	kernel = counter_of("\noom_kill ") - kernel;
	drain_device(fd, &c);
	close(fd);
	sysctl_restore();

	TH_LOG("%lu kills by the kernel's count, %lu recorded; %lu OOMs, %lu ended; %lu records lost and counted, %lu lost uncounted",
	       kernel, c.victims, c.begins, c.ends, c.lost,
	       kernel > c.victims + c.lost ? kernel - c.victims - c.lost : 0);
	EXPECT_LT(2, kernel);
	/* A kill without a record is counted as lost. */
	EXPECT_GE(kernel, c.victims);
	EXPECT_LE(kernel, c.victims + c.lost);
	if (!c.lost)
		EXPECT_EQ(c.begins, c.ends);
}

TEST_HARNESS_MAIN
