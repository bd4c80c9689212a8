// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's load of signals: each kill() sends SIGKILL to a process that sleeps.
 *
 * Prints the minimum cost of such a kill() in nanoseconds of CLOCK_MONOTONIC. In a
 * machine whose clock counts instructions (scripts/vm --icount) these are
 * instructions. The victim cannot run before kill() returns, since this process has a
 * real-time priority and the victim has none: its exit is not counted.
 *
 * usage: kill KILLS
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A process that has begun to sleep. */
static pid_t start_victim(void)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		die("kill: pipe");
	pid = fork();
	if (!pid) {
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (pid < 0 || read(ready[0], &c, 1) != 1)
		die("kill: fork");
	close(ready[0]);
	close(ready[1]);
	/* Let it reach pause(): its priority is lower. */
	usleep(1000);
	return pid;
}

int main(int argc, char **argv)
{
	const struct sched_param param = { .sched_priority = 1 };
	int kills = argc > 1 ? atoi(argv[1]) : 0;
	long long least = 0;

	if (kills < 1) {
		fprintf(stderr, "usage: kill KILLS\n");
		return 2;
	}
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		personality(ADDR_NO_RANDOMIZE);
		execv("/proc/self/exe", argv);
		die("kill: exec");
	}
	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		die("kill: sched_setscheduler");
	while (kills--) {
		pid_t pid = start_victim();
		long long start = now_ns(), took;

		if (kill(pid, SIGKILL))
			die("kill: kill");
		took = now_ns() - start;
		if (waitpid(pid, NULL, 0) != pid)
			die("kill: waitpid");
		if (!least || took < least)
			least = took;
	}
	printf("%lld\n", least);
	return 0;
}
