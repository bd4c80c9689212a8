/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Load on both of the kernel's decisions, on all CPUs, while a test does
 * something else.
 */
#ifndef SELFTESTS_STRESS_H
#define SELFTESTS_STRESS_H

#include "lib.h"
#include "oom.h"

#define STRESS_PIDS	16

/* What was done so far, shared with the processes that do it. */
struct stress_count {
	unsigned long ooms;	/* OOM victims */
	unsigned long forks;
	unsigned long maps;	/* requests granted */
	unsigned long denied;	/* requests refused */
	unsigned long reads;	/* reads of the device and of text files */
};

struct stress {
	struct memcg cg;
	struct stress_count *count;
	pid_t pid[STRESS_PIDS];
	int n;
};

/* In a loop that is a load: pauses for OOMTRACE_BURN's part of the time. */
void stress_wait(void);
/* Start the load; with @readers also processes that read everything. */
void stress_start(struct stress *b, bool readers);
/* Stop it: no process is left, and the sysctls are restored. */
void stress_stop(struct stress *b);

#endif /* SELFTESTS_STRESS_H */
