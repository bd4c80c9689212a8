// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of transparent huge pages count pages; on older kernels they count
 * huge pages. This helper came with that change.
 */
#include <linux/mmzone.h>

bool probe(void);
bool probe(void)
{
	return vmstat_item_print_in_thp(NR_ANON_THPS);
}
