/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths of cgroups from the records.
 */
#ifndef OOMTRACE_CGROUPS_H
#define OOMTRACE_CGROUPS_H

#include <stddef.h>

#include "../include/oomtrace.h"
#include "cgroup_owner.h"

/* Number of cgroups whose paths are stored; new ones replace the oldest. */
#define CGROUPS_KNOWN	256

/**
 * struct cgroups - paths by id; all members are private
 * @n: number of paths added so far.
 * @known: ring buffer of the newest paths.
 */
struct cgroups {
	unsigned long long n;
	struct {
		unsigned long long id;
		char path[CGROUP_PATH_MAX];
	} known[CGROUPS_KNOWN];
};

/** cgroups_feed() - process a record; only those with a path matter */
void cgroups_feed(struct cgroups *g, const struct oomtrace_header *rec);

/** cgroups_path() - the path of a cgroup, NULL if no record has it */
const char *cgroups_path(const struct cgroups *g, unsigned long long id);

#endif /* OOMTRACE_CGROUPS_H */
