// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables of virtual machines and of IOMMUs are counted.
 */
#include <linux/mmzone.h>

int probe(void);
int probe(void)
{
	return NR_SECONDARY_PAGETABLE;
}
