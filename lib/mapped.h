/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads records from the mapped rings.
 */
#ifndef OOMTRACE_MAPPED_H
#define OOMTRACE_MAPPED_H

#include <stdbool.h>

#include "../common/shim.h"
#include "../include/oomtrace.h"

struct mapped;
struct oomtrace;

/**
 * mapped_open() - map the rings of an open device, at their oldest records
 * @ot: the handle.
 * @cpus: highest CPU number plus 1.
 * @possible: number of possible CPUs.
 *
 * Return: 0 or a negative errno; -EPROTO if a CPU number is not below @cpus.
 */
int mapped_open(struct oomtrace *ot, unsigned int cpus, unsigned int possible);

/** mapped_close() - unmap the rings; @m may be NULL */
void mapped_close(struct mapped *m);

/** mapped_oldest() - go to the oldest buffered records; return all stacks again */
void mapped_oldest(struct mapped *m);

/** mapped_newest() - skip all buffered records */
void mapped_newest(struct mapped *m);

/** mapped_seek() - go to a record number that the module has accepted */
void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq);

/**
 * mapped_seek_episode() - go to the first records since an episode's begin
 *
 * Return: 0, or ENOENT if its begin is not buffered, with nothing changed.
 */
int mapped_seek_episode(struct mapped *m, u64 episode);

/** mapped_next() - do what oomtrace_next() does */
int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec);

#endif /* OOMTRACE_MAPPED_H */
