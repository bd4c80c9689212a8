// SPDX-License-Identifier: GPL-2.0
/* A cgroup points to its pressure stall averages; older kernels embed them. */
#include <linux/cgroup.h>

struct psi_group *probe(struct cgroup *cgrp);
struct psi_group *probe(struct cgroup *cgrp)
{
	return cgrp->psi;
}
