// SPDX-License-Identifier: GPL-2.0
/*
 * Memory use when an episode begins: what memory was used for, and how long tasks
 * were stalled for lack of it.
 *
 * The records follow the begin record: one memory record and a psi record for
 * each resource. All numbers are the kernel's own counters and averages, which
 * change meanwhile, hence READ_ONCE(). Nothing is summed over CPUs, and the mutex
 * that guards the averages is not taken. Handlers call this, so nothing waits.
 */
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/vmstat.h>

#include "compat/hugetlb.h"
#include "compat/psi.h"
#include "compat/vmstat.h"
#include "hook/symbols.h"
#include "oom/episode.h"
#include "oom/memory.h"
#include "task.h"

static void fill_hugetlb(struct oomtrace_memory *rec)
{
	unsigned int i;

	rec->hugetlb = oomtrace_hugetlb_pages();
	for (i = 0; i < oomtrace_huge_sizes_nr; i++)
		rec->hugetlb_free +=
			oomtrace_hstate_free(&oomtrace_sym.hstates[i]) <<
			oomtrace_huge_sizes[i].order;
	if (!oomtrace_have(&oomtrace_sym.hstates))
		rec->h.valid &= ~(OOMTRACE_BIT(memory, hugetlb) |
				  OOMTRACE_BIT(memory, hugetlb_free));
}

static void fill_memcg_swap(struct oomtrace_memory *rec,
			    struct mem_cgroup *memcg)
{
	/* Cgroup v1 counts memory and swap together instead. */
	if (!memcg || !oomtrace_cgroup_v2(memcg->css.cgroup)) {
		rec->h.valid &= ~(OOMTRACE_BIT(memory, memcg_swap) |
				  OOMTRACE_BIT(memory, memcg_swap_max));
		return;
	}
	rec->memcg_swap = page_counter_read(&memcg->swap);
	rec->memcg_swap_max = READ_ONCE(memcg->swap.max);
}

/* The memory of the kernel itself, as far as it is counted. */
static void fill_kernel(struct oomtrace_memory *rec)
{
	rec->pagetables = oomtrace_pagetables();
	rec->sec_pagetables = oomtrace_sec_pagetables();
	rec->vmalloc = oomtrace_vmalloc_pages(oomtrace_sym.vmalloc_pages);
	rec->percpu = READ_ONCE(*oomtrace_sym.pcpu_populated) *
		      READ_ONCE(*oomtrace_sym.pcpu_units);
	rec->zsmalloc = oomtrace_zsmalloc_pages();
	rec->gpu = oomtrace_gpu_pages();
	if (!OOMTRACE_COUNTS_SEC_PAGETABLES)
		rec->h.valid &= ~OOMTRACE_BIT(memory, sec_pagetables);
	if (!OOMTRACE_COUNTS_VMALLOC_BY_NODE &&
	    !oomtrace_have(&oomtrace_sym.vmalloc_pages))
		rec->h.valid &= ~OOMTRACE_BIT(memory, vmalloc);
	if (!oomtrace_have(&oomtrace_sym.pcpu_populated) ||
	    !oomtrace_have(&oomtrace_sym.pcpu_units))
		rec->h.valid &= ~OOMTRACE_BIT(memory, percpu);
	if (!OOMTRACE_COUNTS_GPU)
		rec->h.valid &= ~OOMTRACE_BIT(memory, gpu);
}

#define OF_SUM (OOMTRACE_BIT(memory, vmalloc) |		\
		OOMTRACE_BIT(memory, percpu) |		\
		OOMTRACE_BIT(memory, hugetlb))

/* Close the sum: what of RAM does no counter have? */
static void fill_not_counted(struct oomtrace_memory *rec)
{
	s64 lists = rec->active_anon + rec->inactive_anon + rec->isolated_anon +
		    rec->active_file + rec->inactive_file + rec->isolated_file +
		    rec->unevictable;
	s64 slab = global_node_page_state_pages(NR_SLAB_RECLAIMABLE_B) +
		   global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	s64 stacks = IS_ENABLED(CONFIG_VMAP_STACK) ? 0 :
		     rec->kernel_stack_kb * 1024 / PAGE_SIZE;

	if ((rec->h.valid & OF_SUM) != OF_SUM) {
		rec->h.valid &= ~OOMTRACE_BIT(memory, not_counted);
		return;
	}
	rec->not_counted = (s64)totalram_pages() -
			   global_zone_page_state(NR_FREE_PAGES) - lists - slab -
			   stacks - rec->pagetables - rec->sec_pagetables -
			   rec->vmalloc - rec->percpu - rec->hugetlb -
			   rec->kernel_misc_reclaimable - rec->zsmalloc - rec->gpu;
	rec->h.derived |= OOMTRACE_BIT(memory, not_counted);
}

static void record_usage(u64 episode, struct mem_cgroup *memcg)
{
	struct oomtrace_memory rec = {
		OOMTRACE_RECORD(MEMORY, memory),
		.episode = episode,
		.active_anon = global_node_page_state(NR_ACTIVE_ANON),
		.inactive_anon = global_node_page_state(NR_INACTIVE_ANON),
		.isolated_anon = global_node_page_state(NR_ISOLATED_ANON),
		.active_file = global_node_page_state(NR_ACTIVE_FILE),
		.inactive_file = global_node_page_state(NR_INACTIVE_FILE),
		.isolated_file = global_node_page_state(NR_ISOLATED_FILE),
		.unevictable = global_node_page_state(NR_UNEVICTABLE),
		.mlocked = global_zone_page_state(NR_MLOCK),
		.dirty = global_node_page_state(NR_FILE_DIRTY),
		.writeback = global_node_page_state(NR_WRITEBACK),
		.mapped = global_node_page_state(NR_FILE_MAPPED),
		.kernel_stack_kb = global_node_page_state(NR_KERNEL_STACK_KB),
		.anon_thp = oomtrace_thp_pages(NR_ANON_THPS),
		.shmem_thp = oomtrace_thp_pages(NR_SHMEM_THPS),
	};

	rec.kernel_misc_reclaimable =
		global_node_page_state(NR_KERNEL_MISC_RECLAIMABLE);
	fill_hugetlb(&rec);
	fill_memcg_swap(&rec, memcg);
	fill_kernel(&rec);
	fill_not_counted(&rec);
	oomtrace_oom_write(&rec.h);
}

#if HAS_PSI
/* Convert the kernel's fixed point to hundredths of a percent. */
static u32 convert_average(unsigned long avg)
{
	return LOAD_INT(avg) * 100 + LOAD_FRAC(avg);
}

static void record_psi(u64 episode, u64 cgroup_id,
		       const struct psi_group *group, u8 resource)
{
	int some = resource == OOMTRACE_RESOURCE_IO ? PSI_IO_SOME : PSI_MEM_SOME;
	int full = resource == OOMTRACE_RESOURCE_IO ? PSI_IO_FULL : PSI_MEM_FULL;
	struct oomtrace_psi rec = {
		OOMTRACE_RECORD(PSI, psi),
		.episode = episode,
		.cgroup_id = cgroup_id,
		.some_avg10 = convert_average(READ_ONCE(group->avg[some][0])),
		.some_avg60 = convert_average(READ_ONCE(group->avg[some][1])),
		.some_avg300 = convert_average(READ_ONCE(group->avg[some][2])),
		.full_avg10 = convert_average(READ_ONCE(group->avg[full][0])),
		.full_avg60 = convert_average(READ_ONCE(group->avg[full][1])),
		.full_avg300 = convert_average(READ_ONCE(group->avg[full][2])),
		.some_total_ns = READ_ONCE(group->total[PSI_AVGS][some]),
		.full_total_ns = READ_ONCE(group->total[PSI_AVGS][full]),
		.age_ns = max_t(s64, 0, sched_clock() -
					    READ_ONCE(group->avg_last_update)),
		.resource = resource,
	};

	if (!cgroup_id)
		rec.h.valid &= ~OOMTRACE_BIT(psi, cgroup_id);
	/* An update may race, so the numbers may be of two different updates. */
	oomtrace_oom_write(&rec.h);
}
#else
static void record_psi(u64 episode, u64 cgroup_id,
		       const struct psi_group *group, u8 resource)
{
}
#endif

static void record_stalls(u64 episode, struct mem_cgroup *memcg)
{
	const struct psi_group *group = oomtrace_sym.psi_system;
	u8 resource;

	if (oomtrace_psi_kept(group))
		for (resource = 0; resource < OOMTRACE_RESOURCES; resource++)
			record_psi(episode, 0, group, resource);
	if (!memcg || !oomtrace_cgroup_v2(memcg->css.cgroup))
		return;
	group = oomtrace_cgroup_psi(memcg->css.cgroup);
	if (group && oomtrace_psi_kept(group))
		for (resource = 0; resource < OOMTRACE_RESOURCES; resource++)
			record_psi(episode, cgroup_id(memcg->css.cgroup), group,
				   resource);
}

/**
 * oomtrace_record_memory() - write the records of memory use
 * @episode: number of the episode.
 * @memcg: the cgroup that is out of memory, pinned by the caller; or NULL.
 */
void oomtrace_record_memory(u64 episode, struct mem_cgroup *memcg)
{
	record_usage(episode, memcg);
	record_stalls(episode, memcg);
}
