/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that stores up to which time something is done. A restarted service reads
 * all buffered records again, and must not do it twice.
 */
#ifndef OOMTRACE_MARK_H
#define OOMTRACE_MARK_H

/**
 * struct mark - one file
 * @path: its path; "" if there is none.
 * @fd: open for writing, or -1.
 */
struct mark {
	char path[4096];
	int fd;
};

/**
 * mark_open() - open the file in a directory and read the mark
 * @m: out.
 * @dir: the directory.
 * @name: the file's name.
 *
 * Return: the time, CLOCK_MONOTONIC in nanoseconds; 0 if there is none of this boot.
 */
unsigned long long mark_open(struct mark *m, const char *dir, const char *name);

/**
 * mark_set() - store a time, without allocating
 *
 * Return: 0 or a negative errno.
 */
int mark_set(struct mark *m, unsigned long long ns);

/** mark_close() - close the file */
void mark_close(struct mark *m);

#endif /* OOMTRACE_MARK_H */
