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
 * @socket: path of the journal's socket; NULL for standard output.
 * @mark: stores which entries were sent.
 */
struct destination {
	int (*send)(const struct entry *entry);
	const char *socket;
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

/**
 * destination_missing() - check whether the destination exists
 *
 * Return: the path of the socket if there is no journal, so that entries are lost;
 * else NULL.
 */
const char *destination_missing(const struct destination *d);

/**
 * destination_mark() - store that the episodes that ended up to @ns were sent
 *
 * Stores nothing while there is no journal: a restart sends these again.
 *
 * Return: 0 or a negative errno.
 */
int destination_mark(struct destination *d, u64 ns);

#endif /* OOMTRACE_DESTINATION_H */
