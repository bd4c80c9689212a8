/* SPDX-License-Identifier: GPL-2.0 */
/*
 * linux/vmstat.h for all supported kernels.
 */
#ifndef OOMTRACE_COMPAT_VMSTAT_H
#define OOMTRACE_COMPAT_VMSTAT_H

#include <linux/huge_mm.h>
#include <linux/vmstat.h>

#include "has.h"

/* A counter of transparent huge pages, converted to pages. */
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

/* Bytes that the kernel's counters of transparent huge pages count. */
#if HAS_THP_IN_PAGES
#define OOMTRACE_THP_UNIT	PAGE_SIZE
#elif defined(CONFIG_TRANSPARENT_HUGEPAGE)
#define OOMTRACE_THP_UNIT	HPAGE_PMD_SIZE
#else
#define OOMTRACE_THP_UNIT	0
#endif

#endif /* OOMTRACE_COMPAT_VMSTAT_H */
