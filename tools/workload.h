/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The workload of a cgroup, as labels of a metric: what stays the same when a
 * container or a unit is started again. Never an id.
 */
#ifndef OOMTRACE_WORKLOAD_H
#define OOMTRACE_WORKLOAD_H

#include "cgroups.h"

/* Bytes of a label, which is valid UTF-8. */
#define WORKLOAD_LABEL	192

/**
 * struct workload - labels; "" if they do not apply
 * @namespace_: namespace of Kubernetes.
 * @container: name of the container, of the task (Nomad) or of the system container.
 * @unit: unit of systemd; "slurm", "ecs"; the first directory of any other cgroup.
 *
 * A name that is not known is "unknown".
 */
struct workload {
	char namespace_[WORKLOAD_LABEL];
	char container[WORKLOAD_LABEL];
	char unit[WORKLOAD_LABEL];
};

/**
 * workload_of() - find the workload of a cgroup
 * @g: knows the names of containers.
 * @path: the cgroup.
 * @w: out.
 */
void workload_of(const struct cgroups *g, const char *path, struct workload *w);

/** workload_clean() - copy a label as valid UTF-8, with "?" for terminal controls */
void workload_clean(char *dst, unsigned long size, const char *src,
		    unsigned long n);

#endif /* OOMTRACE_WORKLOAD_H */
