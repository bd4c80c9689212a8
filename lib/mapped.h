/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records read from the mapped rings.
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
 * @cpus: CPU numbers are below this.
 * @possible: CPUs that there are.
 *
 * Return: 0 or a negative errno; -EPROTO if there are more behind @cpus.
 */
int mapped_open(struct oomtrace *ot, unsigned int cpus, unsigned int possible);

/** mapped_close() - unmap them; NULL is allowed */
void mapped_close(struct mapped *m);

/** mapped_oldest() - go to the oldest records held, and give all stacks again */
void mapped_oldest(struct mapped *m);

/** mapped_newest() - skip all that is held */
void mapped_newest(struct mapped *m);

/** mapped_seek() - go to a record, of which the module says that it is possible */
void mapped_seek(struct mapped *m, unsigned int ring, unsigned int cpu, u64 seq);

/**
 * mapped_seek_episode() - go to the first records from an episode's begin on
 *
 * Return: 0, or ENOENT if its begin is not held; nothing has changed then.
 */
int mapped_seek_episode(struct mapped *m, u64 episode);

/** mapped_next() - as oomtrace_next(), without a message */
int mapped_next(struct oomtrace *ot, const struct oomtrace_header **rec);

/**
 * mapped_arm() - have poll() wait for what comes
 *
 * Return: true if there is no need to: look again.
 */
bool mapped_arm(struct oomtrace *ot);

#endif /* OOMTRACE_MAPPED_H */
