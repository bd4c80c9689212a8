/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/vmstat.h as every supported kernel has it.
 */
#ifndef OOMTRACE_COMPAT_VMSTAT_H
#define OOMTRACE_COMPAT_VMSTAT_H

#include <linux/huge_mm.h>
#include <linux/vmstat.h>

#include "has.h"

/* One of the counters of transparent huge pages, in pages. */
static inline unsigned long oomtrace_thp_pages(enum node_stat_item item)
{
#if HAS_THP_IN_PAGES
	return global_node_page_state(item);
#elif defined(CONFIG_TRANSPARENT_HUGEPAGE)
	return global_node_page_state(item) * HPAGE_PMD_NR;
#else
	return 0;
#endif
}

#endif /* OOMTRACE_COMPAT_VMSTAT_H */
