// SPDX-License-Identifier: GPL-2.0
/* Many idle processes of random sizes. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crowd.h"
#include "lib.h"

/* Each process maps this many pages and touches some of them. */
#define MOST_PAGES	64

static pid_t crowd[CROWD_MAX];
static int crowd_n;

/* The same numbers for the same seed. */
static unsigned int next_random(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

/* Hold that many pages with that oom_score_adj until killed. */
static void hold_memory(unsigned int pages, int adj)
{
	char text[16];
	unsigned int i;
	char *at;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "sitter");
	snprintf(text, sizeof(text), "%d", adj);
	if (spill("/proc/self/oom_score_adj", text))
		_exit(1);
	at = mmap(NULL, MOST_PAGES * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		_exit(1);
	for (i = 0; i < pages; i++)
		at[i * PAGE] = 1;
	raise(SIGSTOP);
	_exit(0);
}

pid_t crowd_sitter(unsigned int pages, int adj)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("cannot fork: %s", strerror(errno));
	if (!pid)
		hold_memory(pages, adj);
	if (waitpid(pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		die("a process of the crowd did not stop");
	return pid;
}

void crowd_gather(int n, unsigned int seed, bool equal)
{
	cpu_set_t was;
	int i;

	if (n > CROWD_MAX)
		die("a crowd of %d exceeds %d", n, CROWD_MAX);
	if (sched_getaffinity(0, sizeof(was), &was))
		die("sched_getaffinity: %s", strerror(errno));
	/*
	 * Kernels 6.2 to 6.15 buffer up to 31 pages of a process on each CPU,
	 * and oom_badness() ignores these. A process that migrates while it
	 * grows gets other points, so keep all of them on one CPU.
	 */
	if (equal)
		pin_to_cpu(0);
	for (i = 0; i < n; i++) {
		unsigned int pages = next_random(&seed) % (MOST_PAGES + 1);
		/*
		 * One in four gets a random oom_score_adj; some cannot be
		 * killed.
		 */
		int adj = next_random(&seed) % 4 ? 0 :
			  (int)(next_random(&seed) % 2001) - 1000;

		crowd[i] = equal ? crowd_sitter(7, 990) : crowd_sitter(pages, adj);
	}
	crowd_n = n;
	if (sched_setaffinity(0, sizeof(was), &was))
		die("sched_setaffinity: %s", strerror(errno));
}

void crowd_disperse(void)
{
	int i;

	for (i = 0; i < crowd_n; i++)
		kill(crowd[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	crowd_n = 0;
}

pid_t crowd_pid(int i)
{
	return crowd[i];
}

void crowd_sysrq_f(void)
{
	if (spill("/proc/sysrq-trigger", "f"))
		die("cannot write to sysrq-trigger");
}

void crowd_ooms_end(int fd, struct records *recs, size_t n)
{
	if (!device_wait(fd, recs, OOMTRACE_OOM_END, n))
		die("no %zu episodes after 10 s", n);
}
