/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that stores which episodes the journal has. A restarted service reads all
 * buffered records again, and must not write an episode twice.
 */
#ifndef OOMTRACE_SENT_H
#define OOMTRACE_SENT_H

/**
 * journal_mark_open() - open the file in a directory and read the mark
 * @dir: the directory.
 *
 * Return: end of the last episode written to the journal since boot,
 * CLOCK_MONOTONIC in nanoseconds; 0 if there is none or it is unknown.
 */
unsigned long long journal_mark_open(const char *dir);

/** journal_mark_set() - store the mark without allocating; 0 or a negative errno */
int journal_mark_set(unsigned long long ns);

#endif /* OOMTRACE_SENT_H */
