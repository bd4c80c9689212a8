/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What commit.c (the handlers: which decision, what answer) and commit_record.c
 * (the kernel's sum, and the record of it) share.
 */
#ifndef OOMTRACE_COMMIT_H
#define OOMTRACE_COMMIT_H

#include <linux/types.h>

struct mm_struct;

/**
 * struct oomtrace_commit_call - one call of __vm_enough_memory()
 * @mm: the mm that is asked about; may be NULL.
 * @pages: pages asked for.
 * @committed: what the counter will be after the charge, if nobody interferes;
 *	mode 2 only.
 * @uncharge: how the counter will change if the charge is then taken back.
 * @total_vm: @mm's total_vm at entry.
 * @cap_sys_admin: the function's third argument.
 * @mode: the mode at entry.
 */
struct oomtrace_commit_call {
	struct mm_struct *mm;
	long pages;
	s64 committed;
	s64 uncharge;
	unsigned long total_vm;
	int cap_sys_admin;
	int mode;
};

/**
 * struct oomtrace_commit_terms - the numbers of the kernel's sum
 * @totalram: RAM, pages.
 * @total_swap: swap, pages.
 * @hugetlb: huge pages, in pages.
 * @kbytes: vm.overcommit_kbytes.
 * @ratio: vm.overcommit_ratio.
 * @limit: vm_commit_limit(), pages.
 * @admin_reserve: vm.admin_reserve_kbytes.
 * @user_reserve: vm.user_reserve_kbytes.
 * @allowed: what is compared with, pages; not in mode 1.
 * @committed: what is compared, pages; mode 2 only.
 * @derived: fields of the record that are not the kernel's own numbers.
 */
struct oomtrace_commit_terms {
	long totalram;
	long total_swap;
	unsigned long hugetlb;
	unsigned long kbytes;
	int ratio;
	long limit;
	unsigned long admin_reserve;
	unsigned long user_reserve;
	s64 allowed;
	s64 committed;
	u64 derived;
};

/* Kilobytes to pages, as the kernel's sum rounds them. */
#define OOMTRACE_KB_TO_PAGES(kb)	((kb) >> (PAGE_SHIFT - 10))

void oomtrace_commit_record(const struct oomtrace_commit_call *call,
			    const struct oomtrace_commit_terms *t, int ret,
			    u8 why, u32 left_out);

#endif /* OOMTRACE_COMMIT_H */
