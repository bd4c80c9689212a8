// SPDX-License-Identifier: GPL-2.0
/*
 * The benchmark's load: one commit decision after the other.
 *
 * Maps and unmaps one writable private page, which calls __vm_enough_memory()
 * once. Prints the minimum cost of such a pair in nanoseconds of
 * CLOCK_MONOTONIC. In a machine whose clock counts instructions (scripts/vm
 * --icount) these are instructions. The minimum is a pair without a timer, an
 * RCU callback or a slab refill, and so the same in every run. Address space
 * randomisation is off, so that every run walks the same page tables.
 *
 * usage: load [PAIRS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

#define PAIRS	4000

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void pair(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || munmap(p, 4096)) {
		perror("load: mmap");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int pairs = argc > 1 ? atoi(argv[1]) : PAIRS;
	long long least = 0;
	int i;

	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		personality(ADDR_NO_RANDOMIZE);
		execv("/proc/self/exe", argv);
		perror("load: exec");
		return 1;
	}
	for (i = 0; i < pairs; i++) {
		long long start = now_ns(), took;

		pair();
		took = now_ns() - start;
		if (!least || took < least)
			least = took;
	}
	printf("%lld\n", least);
	return 0;
}
