// SPDX-License-Identifier: GPL-2.0
/*
 * Commit accounting: may this task have the address space it asks for?
 *
 * Handlers around __vm_enough_memory(mm, pages, cap_sys_admin), which charges
 * the pages, compares, and takes the charge back if it says no. They run in the
 * asking task's context, as often as the machine maps memory, so every
 * instruction here is paid all day. They only look.
 *
 * In modes 0 (guess) and 1 (always) the answer to nearly all calls is known at
 * entry: always yes, or yes if no more is asked for than there is RAM. Their
 * return is left alone. In mode 2 (never) the kernel compares the approximate
 * counter of committed pages, which others change at the same time, so only the
 * return tells.
 *
 * The counter itself cannot be seen from outside at the moment of comparison.
 * At entry we work out what it will be after the charge, at return what it must
 * have been before the charge was taken back. If both agree and explain the
 * answer, it is the number that the kernel compared; if not, another CPU
 * interfered, and it is marked as derived.
 */
#include <linux/kprobes.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "commit.h"
#include "filter.h"
#include "hooks.h"
#include "knobs.h"
#include "oomtrace.h"
#include "stats.h"
#include "symbols.h"

const size_t oomtrace_commit_call_size = sizeof(struct oomtrace_commit_call);

static void count(int mode, int outcome)
{
	this_cpu_inc(oomtrace_stats.decisions[mode & 3][outcome]);
}

/* What is left after a decision; nothing, if it was a denial or nearly one. */
static void count_headroom(s64 pages)
{
	int bucket = pages > 0 ? fls64(pages) : OOMTRACE_PAGES_BUCKETS - 1;

	this_cpu_inc(oomtrace_stats.headroom[bucket]);
}

/*
 * The kernel's sum, in the kernel's order and types, over its own variables: all
 * of @t but @committed and @derived.
 */
static __always_inline void do_the_sum(struct oomtrace_commit_terms *t,
				       const struct oomtrace_commit_call *call)
{
	t->totalram = totalram_pages();
	t->total_swap = READ_ONCE(*oomtrace_sym.total_swap_pages);
	t->hugetlb = oomtrace_hugetlb_pages();
	t->kbytes = READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	t->ratio = READ_ONCE(*oomtrace_sym.overcommit_ratio);
	if (t->kbytes)
		t->limit = OOMTRACE_KB_TO_PAGES(t->kbytes);
	else
		t->limit = (t->totalram - t->hugetlb) * t->ratio / 100;
	t->limit += t->total_swap;
	t->admin_reserve = READ_ONCE(*oomtrace_sym.admin_reserve_kbytes);
	t->user_reserve = READ_ONCE(*oomtrace_sym.user_reserve_kbytes);

	if (call->mode == OVERCOMMIT_GUESS) {
		t->allowed = t->totalram + t->total_swap;
		return;
	}
	t->allowed = t->limit;
	if (!call->cap_sys_admin)
		t->allowed -= OOMTRACE_KB_TO_PAGES(t->admin_reserve);
	if (call->mm)
		t->allowed -= min_t(long, call->total_vm / 32,
				    OOMTRACE_KB_TO_PAGES(t->user_reserve));
}

/* Does the filter let this decision be recorded? */
static __always_inline bool passes_filter(long pages, int mode, int ret)
{
	/* Preemption is off, which RCU need not be told by name. */
	const struct oomtrace_filter *f =
		rcu_dereference_check(oomtrace_filter, true);

	return likely(!f) || oomtrace_filter_match(f, pages, mode, ret);
}

/* Is a grant to be recorded, whatever was left after it? */
static __always_inline bool records_grant(long pages, int mode)
{
	return READ_ONCE(oomtrace_commit_records) == OOMTRACE_RECORD_ALL &&
	       passes_filter(pages, mode, 0);
}

/* Nobody below this many pages is refused, whatever swap does. */
static bool surely_granted(int mode, long pages)
{
	return mode == OVERCOMMIT_ALWAYS ||
	       (mode == OVERCOMMIT_GUESS && pages <= (long)totalram_pages());
}

/*
 * What percpu_counter_add_batch() is going to do to the shared part of
 * vm_committed_as: it keeps small sums on each CPU, and adds them to the shared
 * part, which is all that the decision looks at, when they reach the batch.
 */
static void predict_charge(struct oomtrace_commit_call *call)
{
	const struct percpu_counter *fbc = oomtrace_sym.committed_as;
	s64 batch = READ_ONCE(*oomtrace_sym.committed_as_batch);
	s64 shared = READ_ONCE(fbc->count);
	s64 local = fbc->counters ? this_cpu_read(*fbc->counters) : 0;

	local += call->pages;
	if (abs(local) >= batch) {
		shared += local;
		local = 0;
	}
	call->committed = shared;
	local -= call->pages;
	call->uncharge = abs(local) >= batch ? local : 0;
}

static void fill_call(struct oomtrace_commit_call *call, struct mm_struct *mm,
		      long pages, int cap_sys_admin, int mode)
{
	call->mm = mm;
	call->pages = pages;
	call->cap_sys_admin = cap_sys_admin;
	call->mode = mode;
	call->total_vm = mm ? READ_ONCE(mm->total_vm) : 0;
	if (mode == OVERCOMMIT_NEVER)
		predict_charge(call);
}

/* ---- near misses ---- */

unsigned int oomtrace_near_percent;

/* At most this many near misses are recorded per CPU and second. */
#define NEAR_PER_SECOND	10

static DEFINE_PER_CPU(struct near_rate {
	unsigned long since;
	u32 recorded;
	u32 left_out;
}, near_rate);

/**
 * oomtrace_near_percent_set() - choose what counts as a near miss
 * @text: 0 to 100.
 *
 * Return: 0, or -EINVAL with a line in the log.
 */
int oomtrace_near_percent_set(const char *text)
{
	unsigned int percent;

	if (kstrtouint(text, 10, &percent) || percent > 100) {
		pr_err_ratelimited("near_percent: '%s' is not understood; allowed are 0 to 100\n",
				   text);
		return -EINVAL;
	}
	WRITE_ONCE(oomtrace_near_percent, percent);
	return 0;
}

static bool is_near(const struct oomtrace_commit_terms *t)
{
	unsigned int percent = READ_ONCE(oomtrace_near_percent);

	return percent && t->allowed > 0 &&
	       t->allowed - t->committed < t->allowed / 100 * percent;
}

/* May a near miss be recorded now? If so, how many were left out before it. */
static bool near_allowed(u32 *left_out)
{
	struct near_rate *rate = this_cpu_ptr(&near_rate);

	if (time_after(jiffies, rate->since + HZ)) {
		rate->since = jiffies;
		rate->recorded = 0;
	}
	if (rate->recorded == NEAR_PER_SECOND) {
		rate->left_out++;
		return false;
	}
	rate->recorded++;
	*left_out = rate->left_out;
	rate->left_out = 0;
	return true;
}

/* ---- the answer ---- */

static __always_inline void
maybe_record(const struct oomtrace_commit_call *call,
	     const struct oomtrace_commit_terms *t, int ret)
{
	unsigned int what = READ_ONCE(oomtrace_commit_records);
	u32 left_out = 0;
	u8 why;

	if (what == OOMTRACE_RECORD_NONE)
		return;
	if (ret)
		why = OOMTRACE_RECORDED_DENIED;
	else if (what == OOMTRACE_RECORD_ALL)
		why = OOMTRACE_RECORDED_ALL;
	else if (call->mode == OVERCOMMIT_NEVER && is_near(t))
		why = OOMTRACE_RECORDED_NEAR;
	else
		return;
	if (!passes_filter(call->pages, call->mode, ret))
		return;
	if (why == OOMTRACE_RECORDED_NEAR && !near_allowed(&left_out))
		return;
	if (oomtrace_knobs_changed(t->ratio, t->kbytes, t->admin_reserve,
				   t->user_reserve))
		oomtrace_knobs_look();
	oomtrace_commit_record(call, t, ret, why, left_out);
}

static __always_inline void tell(const struct oomtrace_commit_call *call,
				 const struct oomtrace_commit_terms *t,
				 int ret)
{
	count(call->mode, !!ret);
	if (ret)
		oomtrace_stats_denial();
	if (call->mode == OVERCOMMIT_NEVER)
		count_headroom(t->allowed - t->committed);
	maybe_record(call, t, ret);
}

/* ---- the handlers ---- */

int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	struct oomtrace_commit_call *call = (void *)ri->data;
	long pages = (long)regs_get_kernel_argument(regs, 1);
	int mode = READ_ONCE(*oomtrace_sym.overcommit_memory);

	oomtrace_hit(OOMTRACE_HOOK_VM_ENOUGH);
	this_cpu_inc(oomtrace_stats.pages[fls64(pages)]);
	if (oomtrace_knobs_mode_changed(mode))
		oomtrace_knobs_look();
	if (surely_granted(mode, pages) && !records_grant(pages, mode)) {
		count(mode, 0);
		/* Nonzero: leave the return alone. */
		return 1;
	}
	fill_call(call, (struct mm_struct *)regs_get_kernel_argument(regs, 0),
		  pages, (int)regs_get_kernel_argument(regs, 2), mode);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_entry);

/* The counter as it was compared; the kernel reads it with a floor of zero. */
static void see_committed(struct oomtrace_commit_terms *t,
			  const struct oomtrace_commit_call *call, int ret)
{
	s64 now = READ_ONCE(oomtrace_sym.committed_as->count);

	if (ret)
		now -= call->uncharge;
	t->committed = max_t(s64, now, 0);
	/* It changed between our two looks: who knows when. */
	if (now != call->committed)
		t->derived |= OOMTRACE_BIT(commit, committed);
}

/*
 * If the terms do not explain the answer, then one of them was another for a
 * moment: the counter by another CPU's charge, there and back, or the mode.
 */
static void doubt(struct oomtrace_commit_terms *t,
		  const struct oomtrace_commit_call *call, int ret)
{
	bool denied = false;

	if (call->mode == OVERCOMMIT_NEVER)
		denied = t->committed >= t->allowed;
	else if (call->mode == OVERCOMMIT_GUESS)
		denied = call->pages > t->allowed;
	if (unlikely(denied != !!ret))
		t->derived |= OOMTRACE_BIT(commit, mode) |
			      OOMTRACE_BIT(commit, committed);
}

int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs)
{
	const struct oomtrace_commit_call *call = (void *)ri->data;
	int ret = (int)regs_return_value(regs);
	struct oomtrace_commit_terms t;

	do_the_sum(&t, call);
	t.derived = 0;
	if (call->mode == OVERCOMMIT_NEVER)
		see_committed(&t, call, ret);
	doubt(&t, call, ret);
	tell(call, &t, ret);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_return);
