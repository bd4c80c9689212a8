/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the entries of OOMs go: the journal or standard output, and which of them
 * it has got.
 */
#ifndef OOMTRACE_DESTINATION_H
#define OOMTRACE_DESTINATION_H

#include "entry.h"
#include "mark.h"

/**
 * struct destination - a destination
 * @send: sends an entry; 0 or a negative errno.
 * @mark: stores which entries were sent.
 */
struct destination {
	int (*send)(const struct entry *entry);
	struct mark mark;
};

/**
 * destination_open() - choose the destination, and look which entries it has got
 * @d: out.
 * @to_stdout: standard output instead of the journal.
 * @dir: directory of the marks; NULL for none.
 *
 * Each destination has a mark of its own: a service that writes to the journal and
 * one that writes to standard output may use one directory.
 *
 * Return: end of the last episode that was sent since boot, CLOCK_MONOTONIC; 0 if
 * there is none or it is not known.
 */
u64 destination_open(struct destination *d, bool to_stdout, const char *dir);

/** destination_mark() - store that the episodes that ended up to @ns were sent */
int destination_mark(struct destination *d, u64 ns);

#endif /* OOMTRACE_DESTINATION_H */
