/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Names of containers as records, which stay when the runtime has deleted its
 * files.
 */
#ifndef OOMTRACE_NAMES_H
#define OOMTRACE_NAMES_H

#include <stdbool.h>

#include "../cgroups.h"

/**
 * names_record() - look up the names of a cgroup's container
 * @rec: out.
 * @g: knows the cgroup's path.
 * @name: the record that completed the path.
 *
 * Allocates nothing.
 *
 * Return: false if the path is not complete, the cgroup is no container's or pod's,
 * or no name is found.
 */
bool names_record(struct oomtrace_container *rec, const struct cgroups *g,
		  const struct oomtrace_name *name);

#endif /* OOMTRACE_NAMES_H */
