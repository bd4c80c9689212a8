// SPDX-License-Identifier: GPL-2.0
/* A cgroup's pressure stall averages can be switched off by themselves. */
#include <linux/cgroup.h>

bool probe(const struct psi_group *group);
bool probe(const struct psi_group *group)
{
	return group->enabled;
}
