/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/psi.h as every supported kernel has it: where pressure stall averages
 * are kept, and whether they are.
 */
#ifndef OOMTRACE_COMPAT_PSI_H
#define OOMTRACE_COMPAT_PSI_H

#include <linux/cgroup.h>
#include <linux/sched/clock.h>
#include <linux/sched/loadavg.h>

#include "has.h"

/*
 * The averages of a cgroup, NULL if the kernel keeps none for it. The cgroup is
 * pinned by the caller, of version 2, and not the root, which has the machine's.
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

/* Are they kept up to date? Not if PSI is switched off, at boot or for it. */
static inline bool oomtrace_psi_kept(const struct psi_group *group)
{
#if !HAS_PSI
	return false;
#else
#if HAS_PSI_GROUP_ENABLED
	if (!READ_ONCE(group->enabled))
		return false;
#endif
	/* Set when the group is set up, which PSI that is off never does. */
	return READ_ONCE(group->avg_next_update);
#endif
}

#endif /* OOMTRACE_COMPAT_PSI_H */
