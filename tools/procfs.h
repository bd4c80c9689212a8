/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What /proc says of a task that still lives, for a person: its command line and
 * whose its cgroup is. A task that is gone has neither.
 */
#ifndef OOMTRACE_PROCFS_H
#define OOMTRACE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/** procfs_cmdline() - arguments with spaces between, printable ASCII only */
bool procfs_cmdline(int pid, char *buf, size_t size);

/** procfs_cgroup() - the path in the cgroup v2 hierarchy, or v1's memory */
bool procfs_cgroup(int pid, char *buf, size_t size);

#endif /* OOMTRACE_PROCFS_H */
