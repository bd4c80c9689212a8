// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of transparent huge pages count pages. Before, they counted huge
 * pages; this helper came with the change, for those who show huge pages still.
 */
#include <linux/mmzone.h>

bool probe(void);
bool probe(void)
{
	return vmstat_item_print_in_thp(NR_ANON_THPS);
}
