/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The directory /sys/kernel/debug/oomtrace.
 */
#ifndef OOMTRACE_DEBUGFS_H
#define OOMTRACE_DEBUGFS_H

int oomtrace_debugfs_init(void);
void oomtrace_debugfs_exit(void);

#endif /* OOMTRACE_DEBUGFS_H */
