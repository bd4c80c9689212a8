/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A crowd: many idle processes of random sizes and oom_score_adj values, from
 * which the OOM killer can choose.
 */
#ifndef SELFTESTS_CROWD_H
#define SELFTESTS_CROWD_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib.h"

#define CROWD_MAX	4000

/*
 * Start n processes, and wait until each is stopped: from then on nothing
 * changes. The same seed gives the same processes; with @equal all are alike.
 */
void crowd_gather(int n, unsigned int seed, bool equal);
/* Start one more process, outside the crowd. */
pid_t crowd_sitter(unsigned int pages, int adj);
/* Kill and reap the crowd and all other children. */
void crowd_disperse(void);
/* The i-th process, from 0. */
pid_t crowd_pid(int i);
/* Trigger an OOM by sysrq: all tasks are scored, one is killed. */
void crowd_sysrq_f(void);
/* Read records until that many OOMs have ended. */
void crowd_ooms_end(int fd, struct records *recs, size_t n);

#endif /* SELFTESTS_CROWD_H */
