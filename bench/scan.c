// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's load for victim selection: N processes for the OOM killer to
 * scan, and OOMs triggered by sysrq-f, each of which scans all of them.
 *
 * Prints the minimum time in nanoseconds to the choice of a victim, and to its
 * SIGKILL, from the parameters of oomtrace_clock. The difference between two
 * values of N is the cost of the additional processes. Their memory differs, in
 * an order without a trend, or is alike. A killed process is replaced.
 *
 * With CGROUPS, process i is in the cgroup /sys/fs/cgroup/bench/(i % CGROUPS).
 *
 * usage: scan N [CGROUPS [alike]]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS	5
/* Different sizes, a prime number. */
#define SIZES	61

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
}

static unsigned long get(const char *name)
{
	char path[128], text[32];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/oomtrace_clock/parameters/%s",
		 name);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0) {
		perror(path);
		exit(1);
	}
	close(fd);
	text[n] = '\0';
	return strtoul(text, NULL, 10);
}

/* Number of cgroups; none if 0. */
static unsigned int cgroups;
static unsigned int processes;
static bool alike;

static void enter_cgroup(void)
{
	char path[64];

	if (!cgroups)
		return;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/bench/%u/cgroup.procs",
		 processes % cgroups);
	put(path, "0");
}

/* Touch up to SIZES pages. */
static void take_memory(void)
{
	size_t size = (1 + (alike ? 0 : processes * 23 % SIZES)) *
		      (size_t)sysconf(_SC_PAGESIZE);
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (mem == MAP_FAILED) {
		perror("scan: mmap");
		exit(1);
	}
}

/* Start a process whose adj makes it the victim; it stops once that is set. */
static pid_t sit(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0) {
		perror("scan: fork");
		exit(1);
	}
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		enter_cgroup();
		take_memory();
		put("/proc/self/oom_score_adj", "500");
		raise(SIGSTOP);
		_exit(0);
	}
	processes++;
	waitpid(pid, &status, WUNTRACED);
	return pid;
}

int main(int argc, char **argv)
{
	unsigned long scan, kill, least_scan = 0, least_kill = 0;
	int n = argc > 1 ? atoi(argv[1]) : 0;
	int i, status;

	if (n < 1) {
		fputs("usage: scan N [CGROUPS [alike]]\n", stderr);
		return 2;
	}
	cgroups = argc > 2 ? atoi(argv[2]) : 0;
	alike = argc > 3;
	put("/proc/sys/kernel/sysrq", "1");
	for (i = 0; i < n; i++)
		sit();
	for (i = 0; i < ROUNDS; i++) {
		put("/proc/sysrq-trigger", "f");
		if (wait(&status) < 0 || !WIFSIGNALED(status)) {
			fputs("scan: no process was killed\n", stderr);
			return 1;
		}
		scan = get("scan_ns");
		kill = get("kill_ns");
		if (!i || scan < least_scan)
			least_scan = scan;
		if (!i || kill < least_kill)
			least_kill = kill;
		sit();
	}
	printf("%lu %lu\n", least_scan, least_kill);
	return 0;
}
