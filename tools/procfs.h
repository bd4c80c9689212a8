/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small files of /proc and /sys, and the command line and the cgroup of a live task.
 * All fail if the file, or the task, is gone.
 */
#ifndef OOMTRACE_PROCFS_H
#define OOMTRACE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>

/** procfs_read() - a small file of /proc or /sys as text, cut off at @size */
bool procfs_read(const char *path, char *buf, size_t size);

/** procfs_cmdline() - arguments separated by spaces, printable ASCII only */
bool procfs_cmdline(int pid, char *buf, size_t size);

/** procfs_cgroup() - path in the cgroup v1 memory hierarchy, or in cgroup v2 */
bool procfs_cgroup(int pid, char *buf, size_t size);

/**
 * procfs_cgroup_path() - path of a cgroup of this boot by its id
 * @id: the id, which is the cgroup's inode number.
 * @buf: out: from the root of the hierarchy.
 * @size: bytes of @buf.
 *
 * Return: false if it no longer exists, or without CAP_DAC_READ_SEARCH.
 */
bool procfs_cgroup_path(unsigned long long id, char *buf, size_t size);

#endif /* OOMTRACE_PROCFS_H */
