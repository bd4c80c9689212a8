// SPDX-License-Identifier: GPL-2.0
/* The pressure stall averages can be disabled for a single cgroup. */
#include <linux/cgroup.h>

bool probe(const struct psi_group *group);
bool probe(const struct psi_group *group)
{
	return group->enabled;
}
