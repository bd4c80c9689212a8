/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own variables that no header exports.
 *
 * Read them with READ_ONCE() through these pointers, since the kernel may write
 * them at any time. Except for btf_start and btf_stop, a pointer is never NULL: if
 * the kernel has no such symbol, it points to a stand-in, and the records mark the
 * fields that need the variable as absent (oomtrace_have()). A kernel built without
 * swap, huge pages or SMP has no such symbol either, but the value is known: 0.
 */
#ifndef OOMTRACE_SYMBOLS_H
#define OOMTRACE_SYMBOLS_H

#include <linux/cgroup.h>
#include <linux/hugetlb.h>
#include <linux/percpu_counter.h>
#include <linux/seq_file.h>

#include "compat/hugetlb.h"

/**
 * struct oomtrace_symbols - addresses of the kernel's variables
 * @overcommit_memory: sysctl_overcommit_memory: 0, 1 or 2; the stand-in is
 *	OOMTRACE_MODE_UNKNOWN.
 * @overcommit_ratio: sysctl_overcommit_ratio, percent.
 * @overcommit_kbytes: sysctl_overcommit_kbytes.
 * @admin_reserve_kbytes: sysctl_admin_reserve_kbytes.
 * @user_reserve_kbytes: sysctl_user_reserve_kbytes.
 * @total_swap: total_swap_pages.
 * @swappiness: vm_swappiness; the stand-in is not 0.
 * @committed_as: vm_committed_as.
 * @committed_as_batch: vm_committed_as_batch.
 * @hstates: hstates[], the huge page sizes.
 * @hugetlb_max_hstate: number of entries in @hstates.
 * @vmalloc_pages: nr_vmalloc_pages; newer kernels count them for each node instead.
 * @pcpu_populated: pcpu_nr_populated, pages of per-CPU memory for each unit.
 * @pcpu_units: pcpu_nr_units, the number of units.
 * @psi_system: the machine's pressure stall averages.
 * @ftrace_enabled: kernel.ftrace_enabled; the stand-in is 1.
 * @kprobes_all_disarmed: kprobes_all_disarmed: debugfs's kprobes/enabled is 0.
 * @default_huge: default_hstate_idx, the entry of @hstates for huge pages of no
 *	particular size.
 * @max_map_count: sysctl_max_map_count; the stand-in is INT_MAX.
 * @ignore_rlimit_data: the kernel only warns where RLIMIT_DATA is exceeded.
 * @max_threads: kernel.threads-max; the stand-in is INT_MAX.
 * @nr_threads: number of tasks.
 * @btf_start: start of the kernel's BTF; NULL if it has none. For process context.
 * @btf_stop: end of the kernel's BTF.
 */
struct oomtrace_symbols {
	const int *overcommit_memory;
	const int *overcommit_ratio;
	const unsigned long *overcommit_kbytes;
	const unsigned long *admin_reserve_kbytes;
	const unsigned long *user_reserve_kbytes;
	const long *total_swap;
	const int *swappiness;
	const struct percpu_counter *committed_as;
	const s32 *committed_as_batch;
	const struct hstate *hstates;
	const int *hugetlb_max_hstate;
	const atomic_long_t *vmalloc_pages;
	const unsigned long *pcpu_populated;
	const int *pcpu_units;
	const struct psi_group *psi_system;
	const int *ftrace_enabled;
	const bool *kprobes_all_disarmed;
	const int *default_huge;
	const int *max_map_count;
	const bool *ignore_rlimit_data;
	const int *max_threads;
	const int *nr_threads;
	const void *btf_start;
	const void *btf_stop;
};

extern struct oomtrace_symbols oomtrace_sym;

/**
 * struct oomtrace_huge_size - one size of huge pages
 * @nr: number of huge pages of this size: hstate.nr_huge_pages.
 * @order: size of one of them, 2^order pages.
 */
struct oomtrace_huge_size {
	const unsigned long *nr;
	unsigned int order;
};

/* The sizes, which the kernel sets up at boot. Constant after load. */
extern struct oomtrace_huge_size oomtrace_huge_sizes[HUGE_MAX_HSTATE];
extern unsigned int oomtrace_huge_sizes_nr;

/**
 * oomtrace_hugetlb_pages() - do what hugetlb_total_pages() does; not exported
 *
 * Return: memory in all huge pages, pages.
 */
static __always_inline unsigned long oomtrace_hugetlb_pages(void)
{
	const struct hstate *h = oomtrace_sym.hstates;
	unsigned long any = 0, sum = 0;
	unsigned int i;

	if (!IS_ENABLED(CONFIG_HUGETLB_PAGE))
		return 0;

	/*
	 * Most machines have none. Sizes that the machine does not support have no
	 * pages, so look at all of them.
	 */
	for (i = 0; i < HUGE_MAX_HSTATE; i++)
		/* A plain load, which the operation does by itself. */
		any |= data_race(*oomtrace_hstate_nr(&h[i]));
	if (likely(!any))
		return 0;
	for (i = 0; i < oomtrace_huge_sizes_nr; i++)
		sum += READ_ONCE(*oomtrace_huge_sizes[i].nr) <<
		       oomtrace_huge_sizes[i].order;
	return sum;
}

/**
 * struct oomtrace_code - where a function's code is
 * @start: its first address.
 * @end: the address after its last byte; 0: the function was not found.
 */
struct oomtrace_code {
	unsigned long start;
	unsigned long end;
};

/* Constant after load. Only for comparison with addresses of a stack. */
extern struct oomtrace_code oomtrace_memory_max_write;
extern struct oomtrace_code oomtrace_out_of_memory;
extern struct oomtrace_code oomtrace_expand_downwards;
extern struct oomtrace_code oomtrace_shmem_fault;
/* The code of the scheduler, in which a task sleeps. */
extern struct oomtrace_code oomtrace_sched_text;

bool oomtrace_have(const void *symbol_pointer);
unsigned long oomtrace_find_function(const char *name);
const void *oomtrace_find_variable(const char *name, unsigned long *size);
void oomtrace_symbols_init(void);
void oomtrace_symbols_show(struct seq_file *m);

#endif /* OOMTRACE_SYMBOLS_H */
