// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of vmalloc is counted for each node; on older kernels in one variable.
 */
#include <linux/mmzone.h>

int probe(void);
int probe(void)
{
	return NR_VMALLOC;
}
