/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A call of __vm_enough_memory(), the terms of the kernel's sum when it is decided, and
 * which value of the counter the kernel compared. For handlers, with preemption off.
 */
#ifndef OOMTRACE_COMMIT_TERMS_H
#define OOMTRACE_COMMIT_TERMS_H

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "commit/limit.h"
#include "hook/symbols.h"
#include "include/oomtrace.h"

/**
 * struct oomtrace_commit_call - one call of __vm_enough_memory()
 * @mm: the mm that gets the address space; may be NULL.
 * @pages: size of the request, pages.
 * @committed: predicted shared part of the counter after the charge, pages, if
 *	no other CPU changes it; mode 2 only.
 * @local: predicted part of the counter that stays on this CPU, pages.
 * @total_vm: @mm's total_vm at entry, pages.
 * @cap_sys_admin: the function's third argument.
 * @mode: vm.overcommit_memory at entry.
 * @fault: enum oomtrace_origin if the request comes from a page fault of user space,
 *	else 0.
 * @regs: the registers at the function's entry or, if it has returned, after its
 *	return; NULL if they are not known. Only valid in the handler.
 * @allowed: what mode 2 compares the counter with, by the numbers at entry, pages;
 *	0 if it was not computed.
 */
struct oomtrace_commit_call {
	struct mm_struct *mm;
	long pages;
	s64 committed;
	s64 local;
	unsigned long total_vm;
	long cap_sys_admin;
	int mode;
	u8 fault;
	struct pt_regs *regs;
	s64 allowed;
};

/**
 * struct oomtrace_commit_terms - the terms of the kernel's sum
 * @totalram: RAM, pages.
 * @total_swap: swap, pages.
 * @hugetlb: memory in huge pages, pages.
 * @kbytes: vm.overcommit_kbytes, KiB.
 * @ratio: vm.overcommit_ratio, percent.
 * @limit: vm_commit_limit(), pages.
 * @admin_reserve: vm.admin_reserve_kbytes, KiB.
 * @user_reserve: vm.user_reserve_kbytes, KiB.
 * @allowed: the limit in the comparison, pages; not used in mode 1.
 * @committed: the counter in the comparison, pages; 0 in modes 0 and 1.
 * @derived: mask of the fields that may differ from the kernel's own numbers.
 */
struct oomtrace_commit_terms {
	long totalram;
	long total_swap;
	unsigned long hugetlb;
	unsigned long kbytes;
	long ratio;
	long limit;
	unsigned long admin_reserve;
	unsigned long user_reserve;
	s64 allowed;
	s64 committed;
	u64 derived;
};

/*
 * Compute all terms except the counter from the kernel's variables.
 *
 * Terms are values, not memory that is passed on: so they stay in registers, and
 * the compiler does not clear them first.
 */
static __always_inline struct oomtrace_commit_terms
oomtrace_commit_compute_terms(const struct oomtrace_commit_call *call, const int mode)
{
	long totalram = totalram_pages();
	long total_swap = READ_ONCE(*oomtrace_sym.total_swap);
	unsigned long hugetlb = oomtrace_hugetlb_pages();
	unsigned long kbytes = READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	long ratio = READ_ONCE(*oomtrace_sym.overcommit_ratio);
	unsigned long admin_reserve = READ_ONCE(*oomtrace_sym.admin_reserve_kbytes);
	unsigned long user_reserve = READ_ONCE(*oomtrace_sym.user_reserve_kbytes);
	long limit = oomtrace_commit_limit(totalram, total_swap, hugetlb, kbytes,
					   ratio);
	s64 allowed;

	if (mode == OVERCOMMIT_GUESS)
		allowed = totalram + total_swap;
	else
		allowed = oomtrace_commit_allowed(limit, admin_reserve, user_reserve,
						  call->cap_sys_admin, call->mm,
						  call->total_vm);
	return (struct oomtrace_commit_terms) {
		.totalram = totalram,
		.total_swap = total_swap,
		.hugetlb = hugetlb,
		.kbytes = kbytes,
		.ratio = ratio,
		.limit = limit,
		.admin_reserve = admin_reserve,
		.user_reserve = user_reserve,
		.allowed = allowed,
	};
}

/*
 * Compute the change of the counter's shared part when the kernel took back the
 * charge of a denied request with percpu_counter_add_batch().
 */
static inline s64 oomtrace_commit_find_uncharge(const struct oomtrace_commit_call *call)
{
	s64 local = call->local - call->pages;

	return abs(local) >= READ_ONCE(*oomtrace_sym.committed_as_batch) ?
	       local : 0;
}

/* Find the counter's value in the comparison; the kernel reads it as 0 or more. */
static __always_inline void
oomtrace_commit_read_committed(struct oomtrace_commit_terms *t,
			       const struct oomtrace_commit_call *call, const int mode,
			       const bool at_entry, int ret)
{
	s64 now;

	if (mode != OVERCOMMIT_NEVER)
		return;
	if (at_entry) {
		t->committed = max_t(s64, call->committed, 0);
		return;
	}
	now = READ_ONCE(oomtrace_sym.committed_as->count);
	if (ret)
		now -= oomtrace_commit_find_uncharge(call);
	t->committed = max_t(s64, now, 0);
	/* Another CPU changed it since entry, before or after the comparison. */
	if (now != call->committed)
		t->derived |= OOMTRACE_BIT(commit, committed);
}

/*
 * Does mode 0 deny a request? The kernel's number of pages of RAM is unsigned, and so is
 * its comparison: a size that has overflowed is larger than any memory.
 */
static __always_inline bool oomtrace_commit_guess_denies(long pages, s64 allowed)
{
	return (unsigned long)pages > (unsigned long)allowed;
}

/*
 * If the terms do not explain the answer, the kernel used another value: of the
 * counter, which another CPU charged and uncharged, or of the mode.
 */
static __always_inline void
oomtrace_commit_mark_unexplained(struct oomtrace_commit_terms *t,
				 const struct oomtrace_commit_call *call, const int mode,
				 int ret)
{
	bool denied = false;

	if (mode == OVERCOMMIT_NEVER)
		denied = t->committed >= t->allowed;
	else if (mode == OVERCOMMIT_GUESS)
		denied = oomtrace_commit_guess_denies(call->pages, t->allowed);
	if (unlikely(denied != !!ret))
		t->derived |= OOMTRACE_BIT(commit, mode) |
			      OOMTRACE_BIT(commit, committed);
}

#endif /* OOMTRACE_COMMIT_TERMS_H */
