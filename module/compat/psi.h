/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/psi.h for all supported kernels: where a cgroup's pressure stall averages
 * are, and whether the kernel updates them.
 */
#ifndef OOMTRACE_COMPAT_PSI_H
#define OOMTRACE_COMPAT_PSI_H

#include <linux/cgroup.h>
#include <linux/sched/clock.h>
#include <linux/sched/loadavg.h>

#include "has.h"

/*
 * The averages of a cgroup, or NULL if the kernel keeps none. The caller pins the
 * cgroup, which is of version 2 and not the root: the root has the system's.
 */
static inline const struct psi_group *oomtrace_cgroup_psi(struct cgroup *cgrp)
{
#if !HAS_PSI
	return NULL;
#else
#if HAS_CGROUP_PSI_POINTER
	return cgrp->psi;
#else
	return &cgrp->psi;
#endif
#endif
}

/* Whether the averages are updated: PSI can be off, or off for this cgroup. */
static inline bool oomtrace_psi_kept(const struct psi_group *group)
{
#if !HAS_PSI
	return false;
#else
#if HAS_PSI_GROUP_ENABLED
	if (!READ_ONCE(group->enabled))
		return false;
#endif
	/* Set when the group is initialised, which does not happen if PSI is off. */
	return READ_ONCE(group->avg_next_update);
#endif
}

#endif /* OOMTRACE_COMPAT_PSI_H */
