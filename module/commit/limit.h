/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's sum: the limit that committed memory is compared with, and the
 * counter that is compared. With the kernel's order and types, so that rounding and
 * overflow are the same. For handlers, with preemption off.
 */
#ifndef OOMTRACE_LIMIT_H
#define OOMTRACE_LIMIT_H

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "compat/percpu_counter.h"
#include "hook/symbols.h"

/* KiB to pages, rounded as in the kernel's sum. */
#define OOMTRACE_KB_TO_PAGES(kb)	((kb) >> (PAGE_SHIFT - 10))

/* Do what vm_commit_limit() does. Pages, KiB and percent. */
static __always_inline long oomtrace_commit_limit(long totalram, long total_swap,
						  unsigned long hugetlb,
						  unsigned long kbytes, long ratio)
{
	long limit;

	if (unlikely(kbytes))
		limit = OOMTRACE_KB_TO_PAGES(kbytes);
	else
		limit = (totalram - hugetlb) * ratio / 100;
	return limit + total_swap;
}

/**
 * oomtrace_commit_allowed() - what mode 2 compares the committed pages with
 * @limit: vm_commit_limit(), pages.
 * @admin_reserve: vm.admin_reserve_kbytes, KiB.
 * @user_reserve: vm.user_reserve_kbytes, KiB.
 * @cap_sys_admin: the call's third argument.
 * @mm: the call's first argument; may be NULL.
 * @total_vm: its total_vm, pages.
 *
 * Return: pages.
 */
static __always_inline s64
oomtrace_commit_allowed(s64 limit, unsigned long admin_reserve,
			unsigned long user_reserve, int cap_sys_admin,
			const struct mm_struct *mm, unsigned long total_vm)
{
	if (!cap_sys_admin)
		limit -= OOMTRACE_KB_TO_PAGES(admin_reserve);
	if (mm)
		limit -= min_t(long, total_vm / 32,
			       OOMTRACE_KB_TO_PAGES(user_reserve));
	return limit;
}

/**
 * oomtrace_commit_charge() - predict vm_committed_as after a charge
 * @pages: the charge, pages.
 * @local: predicted part that stays on this CPU, pages; filled in.
 *
 * percpu_counter_add_batch() sums up small changes on each CPU and adds the sum to
 * the shared part when it reaches the batch.
 *
 * Return: the shared part, which is what the decision reads; pages.
 */
static __always_inline s64 oomtrace_commit_charge(long pages, s64 *local)
{
	const struct percpu_counter *fbc = oomtrace_sym.committed_as;
	s64 batch = READ_ONCE(*oomtrace_sym.committed_as_batch);
	s64 shared = READ_ONCE(fbc->count);

	*local = oomtrace_counter_local(fbc) + pages;
	/* abs(*local) >= batch, in one comparison; without SMP the batch is 0. */
	if (!IS_ENABLED(CONFIG_SMP) ||
	    unlikely((u64)(*local + batch - 1) >= (u64)(2 * batch - 1))) {
		shared += *local;
		*local = 0;
	}
	return shared;
}

#endif /* OOMTRACE_LIMIT_H */
