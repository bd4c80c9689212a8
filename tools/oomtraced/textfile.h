/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file of metrics that node_exporter's textfile collector reads.
 */
#ifndef OOMTRACE_TEXTFILE_H
#define OOMTRACE_TEXTFILE_H

#include "../metrics.h"

/**
 * textfile_open() - prepare to write
 * @path: the file; NULL to write none.
 *
 * Return: 0 or a negative errno.
 */
int textfile_open(const char *path);

/**
 * textfile_write() - replace the file atomically
 *
 * Return: 0 or a negative errno. A missing directory is no error: nothing collects
 * metrics on this machine, or not yet.
 */
int textfile_write(const struct metrics *m, const struct metrics_source *src);

/** textfile_missing() - the directory, if it does not exist; else NULL */
const char *textfile_missing(void);

/** textfile_remove() - delete the file, so that no stale metrics are collected */
void textfile_remove(void);

#endif /* OOMTRACE_TEXTFILE_H */
