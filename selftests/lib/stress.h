/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fire: processes that keep both of the kernel's decisions busy on all CPUs
 * while a test does something else. blaze.c has it.
 */
#ifndef SELFTESTS_BLAZE_H
#define SELFTESTS_BLAZE_H

#include "lib.h"
#include "oom.h"

#define BLAZE_PIDS	16

/* What was done so far; shared with the processes that do it. */
struct blaze_count {
	unsigned long ooms;	/* OOM victims */
	unsigned long forks;
	unsigned long maps;	/* requests granted */
	unsigned long denied;	/* requests refused */
	unsigned long reads;	/* reads of the device and of text files */
};

struct blaze {
	struct memcg cg;
	struct blaze_count *count;
	pid_t pid[BLAZE_PIDS];
	int n;
};

/* Set it going; readers: also processes that read whatever there is. */
void blaze_start(struct blaze *b, bool readers);
/* Put it out: no process is left, settings are as before. */
void blaze_stop(struct blaze *b);

#endif /* SELFTESTS_BLAZE_H */
