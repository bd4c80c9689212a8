/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Paths of cgroups from the records, and what the cgroups belong to.
 */
#ifndef OOMTRACE_CGROUPS_H
#define OOMTRACE_CGROUPS_H

#include <stddef.h>

#include "../include/oomtrace.h"
#include "container_names.h"

/* Number of cgroups whose paths are stored; new ones replace the oldest. */
#define CGROUPS_KNOWN	256

/**
 * struct cgroups - paths and names by id
 * @names_root: as container_names_find(), to look up names in the files of this
 *	machine; NULL if the records are of another one.
 * @n: private; number of paths added so far.
 * @known: private; ring buffer of the newest paths.
 */
struct cgroups {
	const char *names_root;
	unsigned long long n;
	struct {
		unsigned long long id;
		char path[CGROUP_PATH_MAX];
		struct container_names names;
	} known[CGROUPS_KNOWN];
};

/** cgroups_feed() - process a record; only those with a path or names matter */
void cgroups_feed(struct cgroups *g, const struct oomtrace_header *rec);

/** cgroups_path() - the path of a cgroup, NULL if no record has it */
const char *cgroups_path(const struct cgroups *g, unsigned long long id);

/**
 * cgroups_names() - the names of a cgroup's container and pod
 * @g: the paths.
 * @o: the owner of @path.
 * @path: the path.
 * @names: out: from a record, or else from the files of this machine.
 *
 * Return: false if the owner should have names, but one of them is not known.
 */
bool cgroups_names(const struct cgroups *g, const struct cgroup_owner *o,
		   const char *path, struct container_names *names);

/**
 * cgroups_describe() - the container, pod, unit or job that a cgroup belongs to
 * @g: the paths.
 * @path: the path of a cgroup.
 * @label: out: with names, as cgroup_describe() writes it; with ids, as
 *	cgroup_kind(), if no record has names and they are of another machine.
 * @size: bytes of @label; CGROUP_LABEL_MAX are enough.
 *
 * Return: enum cgroup_kind. @label is @path if it is CGROUP_OTHER.
 */
enum cgroup_kind cgroups_describe(const struct cgroups *g, const char *path,
				  char *label, size_t size);

#endif /* OOMTRACE_CGROUPS_H */
