/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file operations of trace and trace_pipe.
 */
#ifndef OOMTRACE_DEBUGFS_TRACE_H
#define OOMTRACE_DEBUGFS_TRACE_H

#include <linux/fs.h>

extern const struct file_operations oomtrace_trace_fops;
extern const struct file_operations oomtrace_trace_pipe_fops;

#endif /* OOMTRACE_DEBUGFS_TRACE_H */
