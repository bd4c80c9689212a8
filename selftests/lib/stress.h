/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fire: processes that keep both of the kernel's decisions busy on all CPUs
 * while a test does something else. blaze.c has it.
 */
#ifndef SELFTESTS_STRESS_H
#define SELFTESTS_STRESS_H

#include "lib.h"
#include "oom.h"

#define STRESS_PIDS	16

/* What was done so far; shared with the processes that do it. */
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

/* Set it going; readers: also processes that read whatever there is. */
void stress_start(struct stress *b, bool readers);
/* Put it out: no process is left, settings are as before. */
void stress_stop(struct stress *b);

#endif /* SELFTESTS_STRESS_H */
