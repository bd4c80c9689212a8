/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A crowd: many processes of random sizes and oom_score_adj that do nothing, for
 * the OOM killer to choose from. crowd.c has it.
 */
#ifndef SELFTESTS_CROWD_H
#define SELFTESTS_CROWD_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib.h"

#define CROWD_MAX	4000

/*
 * Make n processes, the same from the same seed, or all equal ones; wait until
 * each sits there, stopped: from then on nothing changes.
 */
void crowd_gather(int n, unsigned int seed, bool equal);
/* One more, who is not counted among them, with so many pages and that adj. */
pid_t crowd_sitter(unsigned int pages, int adj);
/* Kill and reap them, and all other children. */
void crowd_disperse(void);
/* The i-th of them, from 0. */
pid_t crowd_pid(int i);
/* An OOM without any lack of memory: all are scored, one dies. */
void crowd_sysrq_f(void);
/* Read the records until so many OOMs are over. */
void crowd_ooms_end(int fd, struct records *recs, size_t n);

#endif /* SELFTESTS_CROWD_H */
