/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of each load of the module, merged from several sources.
 */
#ifndef OOMTRACE_LOADS_H
#define OOMTRACE_LOADS_H

#include "records.h"

/**
 * struct load - the records of one load of the module
 * @recs: the records by time, each once; @recs.facts describes the machine.
 * @wall: for each record: from its ts_ns to CLOCK_REALTIME, nanoseconds; 0 if
 *	that is not known.
 * @named: @recs.facts has the names of the boot and of the load.
 * @live: the device's load.
 * @sources: private; number of sources.
 * @device: private; for each record: it was read from the device.
 */
struct load {
	struct records recs;
	long long *wall;
	bool named;
	bool live;
	size_t sources;
	bool *device;
};

/**
 * loads_add() - add the records of a new source
 * @list: array of loads, which grows by one if the records are of another load.
 * @n: number of loads.
 * @recs: the records; empty afterwards, but @facts stays.
 * @device: they were read from the device.
 *
 * Return: index of their load. Exits if memory is out.
 */
size_t loads_add(struct load **list, size_t *n, struct records *recs, bool device);

/**
 * load_merge() - add records to a load, and drop doubles
 * @l: the load.
 * @recs: the records, of that load; empty afterwards.
 * @device: they were read from the device.
 *
 * Exits if memory is out.
 */
void load_merge(struct load *l, struct records *recs, bool device);

/** load_is_here() - are the records those of this machine, by its host name? */
bool load_is_here(const struct load *l);

#endif /* OOMTRACE_LOADS_H */
