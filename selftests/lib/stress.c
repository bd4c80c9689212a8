// SPDX-License-Identifier: GPL-2.0
/*
 * Load: memory cgroups run out, processes fork and map, modes change, readers
 * read. Every process is independent and dies with the test.
 *
 * OOMTRACE_BURN in the environment limits the load to that percentage of each
 * 400 ms, so that a slow machine leaves time for the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stress.h"

#define CGROUP_MAX	MB(8)
#define BURST_NS		400000000ULL

static unsigned int burn_percent;

static void read_burn(void)
{
	const char *burn = getenv("OOMTRACE_BURN");

	burn_percent = burn ? atoi(burn) : 100;
	if (burn_percent < 1 || burn_percent > 100)
		die("OOMTRACE_BURN must be 1 to 100");
}

void stress_wait(void)
{
	unsigned long long at = now_ns() % BURST_NS;

	if (!burn_percent)
		read_burn();
	/* By the clock, so that all processes run and pause together. */
	if (at >= BURST_NS / 100 * burn_percent)
		sleep_ms((BURST_NS - at) / 1000000 + 1);
}

static void increment(unsigned long *n)
{
	__atomic_add_fetch(n, 1, __ATOMIC_RELAXED);
}

/* In a child: use more than the cgroup's limit, until killed. */
static void exceed_cgroup(void)
{
	size_t i;
	char *at;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/*
	 * Opening the file allocates, too. If this fails, the child would stay
	 * exempt like the test, fill the cgroup, and leave no task to kill.
	 */
	if (spill("/proc/self/oom_score_adj", "0"))
		_exit(1);
	at = mmap(NULL, 2 * CGROUP_MAX, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		_exit(1);
	for (i = 0; i < 2 * CGROUP_MAX; i += PAGE)
		((volatile char *)at)[i] = 1;
	_exit(0);
}

static int exhaust_memory(void *arg)
{
	struct stress *b = arg;
	int status;
	pid_t pid;

	memcg_set(&b->cg, "cgroup.procs", "0");
	for (;;) {
		stress_wait();
		pid = fork();
		if (!pid)
			exceed_cgroup();
		/* Mode 2 may have refused the fork. */
		if (pid < 0)
			sleep_ms(1);
		else if (waitpid(pid, &status, 0) == pid &&
			 WIFSIGNALED(status))
			increment(&b->count->ooms);
	}
	return 0;
}

static int fork_processes(void *arg)
{
	struct stress *b = arg;
	pid_t pid;

	for (;;) {
		stress_wait();
		pid = fork();
		if (!pid)
			_exit(0);
		if (pid < 0) {
			sleep_ms(1);
			continue;
		}
		waitpid(pid, NULL, 0);
		increment(&b->count->forks);
	}
	return 0;
}

static int map_addresses(void *arg)
{
	struct stress *b = arg;
	unsigned int i;

	for (i = 0;; i++) {
		size_t bytes = i % 4 ? MB(1) : 1ULL << 40;
		void *at;

		/*
		 * RCU tasks waits for every task to schedule voluntarily, and
		 * this loop never sleeps otherwise.
		 */
		if (i % 64 == 0) {
			sched_yield();
			stress_wait();
		}
		at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED) {
			increment(&b->count->denied);
			continue;
		}
		increment(&b->count->maps);
		munmap(at, bytes);
	}
	return 0;
}

static int change_modes(void *arg)
{
	long mode;

	(void)arg;
	for (mode = 0;; mode = (mode + 1) % 3) {
		/* Without waiting for the return probe: the hooks may be off. */
		sysctl_write("vm/overcommit_memory", mode);
		sleep_ms(20);
	}
	return 0;
}

/* Read every file that exists at the moment. */
static int read_everything(void *arg)
{
	static const char * const files[] = {
		DEVICE, DEBUGFS "/trace", DEBUGFS "/last_oom", DEBUGFS "/stats",
		DEBUGFS "/hooks", DEBUGFS "/ranking", DEBUGFS "/filter",
	};
	static char buf[1 << 16];
	struct stress *b = arg;
	unsigned int i;

	for (i = 0;; i++) {
		int fd = open(files[i % ARRAY_SIZE(files)],
			      O_RDONLY | O_NONBLOCK | O_CLOEXEC), n;
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (fd >= 0) {
			poll(&p, 1, 5);
			for (n = 0; n < 8 && read(fd, buf, sizeof(buf)) > 0; n++)
				increment(&b->count->reads);
			close(fd);
		}
		/* An open file pins the module, so leave time to unload it. */
		sleep_ms(5);
	}
	return 0;
}

/* Lower priority than the test itself. */
static void start_load(struct stress *b, int (*fn)(void *))
{
	if (b->n == STRESS_PIDS)
		die("too many stress processes");
	b->pid[b->n] = start_child(fn, b);
	setpriority(PRIO_PROCESS, b->pid[b->n++], 10);
}

void stress_start(struct stress *b, bool readers)
{
	read_burn();
	memset(b, 0, sizeof(*b));
	b->count = alloc_shared(PAGE);
	if (!memcg_make(&b->cg, "stress", CGROUP_MAX))
		die("this machine has no memory cgroups");
	/* The console is slow: keep the reports short. */
	sysctl_set("vm/oom_dump_tasks", 0);
	start_load(b, exhaust_memory);
	start_load(b, exhaust_memory);
	start_load(b, fork_processes);
	start_load(b, map_addresses);
	if (readers) {
		start_load(b, read_everything);
		start_load(b, read_everything);
	}
	/* Start this one last: mode 2 may refuse a fork. */
	start_load(b, change_modes);
}

void stress_stop(struct stress *b)
{
	int i;

	for (i = 0; i < b->n; i++)
		kill(b->pid[i], SIGKILL);
	for (i = 0; i < b->n; i++)
		wait_child(b->pid[i]);
	b->n = 0;
	memcg_remove(&b->cg);
	sysctl_restore();
	fprintf(stderr, "# under load: %lu OOM victims, %lu forks, %lu requests granted, %lu refused, %lu reads\n",
		b->count->ooms, b->count->forks, b->count->maps,
		b->count->denied, b->count->reads);
	munmap(b->count, PAGE);
}
