/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Up to where the journal has its entries, remembered in a file: a service that
 * is started again reads all that the module holds, and must not tell it twice.
 */
#ifndef OOMTRACE_SENT_H
#define OOMTRACE_SENT_H

/**
 * sent_open() - what was remembered in a directory
 * @dir: the directory.
 *
 * Return: CLOCK_MONOTONIC of the last episode's end that was sent since this
 * boot, nanoseconds; 0: none was, or that is not known.
 */
unsigned long long sent_open(const char *dir);

/** sent_set() - remember it; allocates nothing. 0 or a negative errno */
int sent_set(unsigned long long ns);

#endif /* OOMTRACE_SENT_H */
