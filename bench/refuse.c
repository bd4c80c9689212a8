// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's load of refused requests: each mmap() asks for more than RAM and
 * swap in mode 0, so __vm_enough_memory() refuses it.
 *
 * Prints the minimum cost of such an mmap() in nanoseconds of CLOCK_MONOTONIC. In a
 * machine whose clock counts instructions (scripts/vm --icount) these are
 * instructions. The minimum is one without a timer and without a line in the
 * kernel's log, which the kernel limits to a few every 5 seconds.
 *
 * usage: refuse same|turns [REFUSALS]
 *
 * same: one mmap() after the other. turns: an sbrk() that is refused comes before
 * each, so each refusal has another stack in the kernel than the one before. Of many
 * refusals the module records only the first of a second (refusals=syscalls).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

#define REFUSALS	4000
#define TOO_MUCH	(100L << 30)

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "refuse: %s was granted\n", what);
	exit(1);
}

int main(int argc, char **argv)
{
	long long least = 0;
	int i, turns, refusals = argc > 2 ? atoi(argv[2]) : REFUSALS;

	if (argc < 2 || (strcmp(argv[1], "same") && strcmp(argv[1], "turns"))) {
		fprintf(stderr, "usage: refuse same|turns [REFUSALS]\n");
		return 2;
	}
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		personality(ADDR_NO_RANDOMIZE);
		execv("/proc/self/exe", argv);
		perror("refuse: exec");
		return 1;
	}
	turns = !strcmp(argv[1], "turns");
	for (i = 0; i < refusals; i++) {
		long long start, took;

		if (turns && sbrk(TOO_MUCH) != (void *)-1)
			die("sbrk()");
		start = now_ns();
		if (mmap(NULL, TOO_MUCH, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			die("mmap()");
		took = now_ns() - start;
		if (!least || took < least)
			least = took;
	}
	printf("%lld\n", least);
	return 0;
}
