/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory cgroups of this machine that are nearest to their limits.
 */
#ifndef OOMTRACE_CGROUP_LIMITS_H
#define OOMTRACE_CGROUP_LIMITS_H

#include "cgroup_owner.h"

#define CGROUP_LIMITS_MAX	16	/* cgroups that are kept */

/**
 * struct cgroup_limit - a cgroup with a limit
 * @path: from the root of the hierarchy.
 * @used: memory charged to it, bytes; file cache that can be reclaimed is included.
 * @limit: memory.max or the limit of cgroup v1, bytes.
 */
struct cgroup_limit {
	char path[CGROUP_PATH_MAX];
	unsigned long long used;
	unsigned long long limit;
};

/**
 * struct cgroup_limits - those with the largest share in use, the largest first
 * @n: number of entries in @nearest.
 * @looked: number of cgroups that were read.
 * @cut: there are more cgroups than are read at a time.
 * @nearest: the cgroups.
 */
struct cgroup_limits {
	unsigned int n;
	unsigned int looked;
	bool cut;
	struct cgroup_limit nearest[CGROUP_LIMITS_MAX];
};

/**
 * cgroup_limits_read() - read usage and limit of the cgroups of this machine
 * @l: out.
 *
 * Reads at most 4096 cgroups. A cgroup without a limit is left out.
 */
void cgroup_limits_read(struct cgroup_limits *l);

#endif /* OOMTRACE_CGROUP_LIMITS_H */
