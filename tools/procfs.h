/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line and the cgroup of a live task, from /proc. Both fail if the
 * task is gone.
 */
#ifndef OOMTRACE_PROCFS_H
#define OOMTRACE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/** procfs_cmdline() - arguments separated by spaces, printable ASCII only */
bool procfs_cmdline(int pid, char *buf, size_t size);

/** procfs_cgroup() - path in the cgroup v1 memory hierarchy, or in cgroup v2 */
bool procfs_cgroup(int pid, char *buf, size_t size);

#endif /* OOMTRACE_PROCFS_H */
