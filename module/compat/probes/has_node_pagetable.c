// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables are counted for each node; on older kernels for each zone, whose
 * counters are fewer.
 */
#include <linux/build_bug.h>
#include <linux/mmzone.h>

int probe(void);
int probe(void)
{
	static_assert(NR_PAGETABLE > NR_KERNEL_STACK_KB, "a counter of zones");
	return NR_PAGETABLE;
}
