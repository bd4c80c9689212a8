/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes that stay when they are killed, until the test lets them go: ptrace stops
 * them at the begin of their exit, with all their memory.
 */
#ifndef SELFTESTS_LINGER_H
#define SELFTESTS_LINGER_H

#include <sys/types.h>

#include "oom.h"

/* Start one that takes that much memory in a cgroup, whose limit may be lower. */
pid_t linger_start(const struct memcg *cg, const char *comm, size_t mb);
/*
 * Clone process 1, so that the clone shares its memory and stops when it is killed. The
 * clone never runs. 0 if this machine's process 1 cannot be cloned.
 */
pid_t linger_clone_of_init(void);
/* Kill it if nothing has, and let it go: its exit status, or 128 + signal. */
int linger_end(pid_t pid);

#endif /* SELFTESTS_LINGER_H */
