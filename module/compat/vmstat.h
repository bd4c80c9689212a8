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

/* Page tables of processes, pages. */
static inline unsigned long oomtrace_pagetables(void)
{
#if HAS_NODE_PAGETABLE
	return global_node_page_state(NR_PAGETABLE);
#else
	return global_zone_page_state(NR_PAGETABLE);
#endif
}

/* Page tables of virtual machines and of IOMMUs, pages; 0 if they are not counted. */
#define OOMTRACE_COUNTS_SEC_PAGETABLES	HAS_NR_SECONDARY_PAGETABLE
static inline unsigned long oomtrace_sec_pagetables(void)
{
#if HAS_NR_SECONDARY_PAGETABLE
	return global_node_page_state(NR_SECONDARY_PAGETABLE);
#else
	return 0;
#endif
}

/* S(name, member): the variable that counts memory of vmalloc, if there is one. */
#if HAS_NR_VMALLOC
#define OOMTRACE_VMALLOC_VARIABLE(S)
#define OOMTRACE_COUNTS_VMALLOC_BY_NODE	1
#else
#define OOMTRACE_VMALLOC_VARIABLE(S)	S("nr_vmalloc_pages", vmalloc_pages),
#define OOMTRACE_COUNTS_VMALLOC_BY_NODE	0
#endif

/* Memory of vmalloc, pages. @variable is that variable, or is not used. */
static inline unsigned long oomtrace_vmalloc_pages(const atomic_long_t *variable)
{
#if HAS_NR_VMALLOC
	return global_node_page_state(NR_VMALLOC);
#else
	return atomic_long_read(variable);
#endif
}

/* Compressed memory of zram and zswap in zsmalloc, pages. */
static inline unsigned long oomtrace_zsmalloc_pages(void)
{
#if IS_ENABLED(CONFIG_ZSMALLOC)
	return global_zone_page_state(NR_ZSPAGES);
#else
	return 0;
#endif
}

/* Memory of GPUs, pages; older kernels have no such count. */
#define OOMTRACE_COUNTS_GPU	HAS_NR_GPU
static inline unsigned long oomtrace_gpu_pages(void)
{
#if HAS_NR_GPU
	return global_node_page_state(NR_GPU_ACTIVE) +
	       global_node_page_state(NR_GPU_RECLAIM);
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
