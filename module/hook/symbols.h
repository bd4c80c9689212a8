/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's own variables that no header exports (symbols.c finds them).
 *
 * Read them with READ_ONCE() through these pointers. A pointer is never NULL:
 * where the kernel has no such symbol it points to a stand-in, and the records
 * mark the fields that would come from it as absent (oomtrace_have()).
 */
#ifndef OOMTRACE_SYMBOLS_H
#define OOMTRACE_SYMBOLS_H

#include <linux/cgroup.h>
#include <linux/hugetlb.h>
#include <linux/percpu_counter.h>
#include <linux/seq_file.h>

/**
 * struct oomtrace_symbols - addresses of the kernel's variables
 * @overcommit_memory: sysctl_overcommit_memory: 0, 1 or 2; the stand-in is
 *	OOMTRACE_MODE_UNKNOWN.
 * @overcommit_ratio: sysctl_overcommit_ratio, percent.
 * @overcommit_kbytes: sysctl_overcommit_kbytes.
 * @admin_reserve_kbytes: sysctl_admin_reserve_kbytes.
 * @user_reserve_kbytes: sysctl_user_reserve_kbytes.
 * @total_swap_pages: total_swap_pages.
 * @swappiness: vm_swappiness; the stand-in is not 0.
 * @committed_as: vm_committed_as.
 * @committed_as_batch: vm_committed_as_batch.
 * @hstates: hstates[], the huge page sizes.
 * @hugetlb_max_hstate: how many of them there are.
 * @psi_system: the machine's pressure stall averages.
 * @btf_start: the kernel's BTF; NULL if it has none. For process context.
 * @btf_stop: where that ends.
 */
struct oomtrace_symbols {
	const int *overcommit_memory;
	const int *overcommit_ratio;
	const unsigned long *overcommit_kbytes;
	const unsigned long *admin_reserve_kbytes;
	const unsigned long *user_reserve_kbytes;
	const long *total_swap_pages;
	const int *swappiness;
	const struct percpu_counter *committed_as;
	const s32 *committed_as_batch;
	const struct hstate *hstates;
	const int *hugetlb_max_hstate;
	const struct psi_group *psi_system;
	const int *ftrace_enabled;
	const void *btf_start;
	const void *btf_stop;
};

extern struct oomtrace_symbols oomtrace_sym;

/**
 * struct oomtrace_huge_size - one size of huge pages
 * @nr: how many there are: hstate.nr_huge_pages.
 * @order: of one of them.
 */
struct oomtrace_huge_size {
	const unsigned long *nr;
	unsigned int order;
};

/* The sizes that the kernel had at load; they are set up at boot. */
extern struct oomtrace_huge_size oomtrace_huge_sizes[HUGE_MAX_HSTATE];
extern unsigned int oomtrace_huge_sizes_nr;

/**
 * oomtrace_hugetlb_pages() - hugetlb_total_pages(), which is not exported
 *
 * Return: pages of all huge pages together.
 */
static __always_inline unsigned long oomtrace_hugetlb_pages(void)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < oomtrace_huge_sizes_nr; i++) {
		unsigned long nr = READ_ONCE(*oomtrace_huge_sizes[i].nr);

		if (unlikely(nr))
			sum += nr << oomtrace_huge_sizes[i].order;
	}
	return sum;
}

bool oomtrace_have(const void *symbol_pointer);
void oomtrace_symbols_init(void);
void oomtrace_symbols_show(struct seq_file *m);

#endif /* OOMTRACE_SYMBOLS_H */
