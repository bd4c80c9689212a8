/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text files of records, for debugfs.c to put in place.
 */
#ifndef OOMTRACE_TEXT_H
#define OOMTRACE_TEXT_H

#include <linux/fs.h>

extern const struct file_operations oomtrace_trace_fops;
extern const struct file_operations oomtrace_trace_pipe_fops;

#endif /* OOMTRACE_TEXT_H */
