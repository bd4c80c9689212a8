// SPDX-License-Identifier: GPL-2.0
/*
 * Commit accounting: may this task have the address space it asks for?
 *
 * Two handlers around __vm_enough_memory(mm, pages, cap_sys_admin), which
 * charges the pages, compares, and takes the charge back if it says no. They
 * run with preemption off in the asking task's context, as often as the machine
 * maps memory, so every instruction here is paid all day. They only look.
 *
 * In modes 1 (always) and 0 (guess) the answer follows from what is known at
 * entry, so most calls are counted there and their return is not even hooked.
 * In mode 2 the kernel compares the approximate counter of committed pages with
 * a limit; neither can be seen from outside at that very moment. At entry we
 * work out what the counter will be after the charge, at return what it must
 * have been before the charge was taken back. If both agree, no other CPU
 * interfered, and it is the number that the kernel compared; if not, it is
 * marked as derived.
 *
 * A call that is under way while the mode is switched is told by the mode that
 * was in force when it entered.
 */
#include <linux/kprobes.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <asm/syscall.h>

#include "filter.h"
#include "hooks.h"
#include "knobs.h"
#include "oomtrace.h"
#include "ring.h"
#include "stacks.h"
#include "stats.h"
#include "symbols.h"

#define KB_TO_PAGES(kb)	((kb) >> (PAGE_SHIFT - 10))

/**
 * struct oomtrace_commit_call - from the entry handler to the return handler
 * @mm: the mm that is asked about; may be NULL.
 * @pages: pages asked for.
 * @committed: what the counter will be after the charge, if nobody interferes.
 * @uncharge: how the counter will change if the charge is then taken back.
 * @total_vm: @mm's total_vm at entry.
 * @cap_sys_admin: the function's third argument.
 * @mode: the mode at entry.
 * @wanted: the filter lets it pass, but for its outcome.
 */
struct oomtrace_commit_call {
	struct mm_struct *mm;
	long pages;
	s64 committed;
	s64 uncharge;
	unsigned long total_vm;
	int cap_sys_admin;
	int mode;
	bool wanted;
};

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

/* Nobody below this many pages is refused in mode 0, whatever swap does. */
static bool surely_granted(int mode, long pages)
{
	return mode == OVERCOMMIT_ALWAYS ||
	       (mode == OVERCOMMIT_GUESS && pages <= (long)totalram_pages());
}

/* Is this decision to be recorded, as far as can be told at its beginning? */
static bool wanted(long pages, int mode)
{
	/* Preemption is off, which RCU need not be told by name. */
	const struct oomtrace_filter *f =
		rcu_dereference_check(oomtrace_filter, true);

	return !f || oomtrace_filter_match(f, pages, mode);
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

int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	struct oomtrace_commit_call *call = (void *)ri->data;
	long pages = (long)regs_get_kernel_argument(regs, 1);
	int mode = READ_ONCE(*oomtrace_sym.overcommit_memory);
	bool record_all =
		READ_ONCE(oomtrace_commit_records) == OOMTRACE_RECORD_ALL;

	oomtrace_hit(OOMTRACE_HOOK_VM_ENOUGH);
	this_cpu_inc(oomtrace_stats.pages[fls64(pages)]);
	if (unlikely(oomtrace_knobs_changed(mode)))
		oomtrace_knobs_look();
	if (surely_granted(mode, pages) &&
	    !(record_all && wanted(pages, mode))) {
		count(mode, 0);
		/* Nonzero: leave the return alone. */
		return 1;
	}

	call->mm = (struct mm_struct *)regs_get_kernel_argument(regs, 0);
	call->pages = pages;
	call->cap_sys_admin = (int)regs_get_kernel_argument(regs, 2);
	call->mode = mode;
	call->wanted = wanted(pages, mode);
	call->total_vm = call->mm ? READ_ONCE(call->mm->total_vm) : 0;
	if (mode == OVERCOMMIT_NEVER)
		predict_charge(call);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_entry);

/* Which system call asked. The mm of exec and fork is not current's own. */
static u8 origin(void)
{
	if (current->flags & PF_KTHREAD)
		return OOMTRACE_ORIGIN_OTHER;
	switch (syscall_get_nr(current, task_pt_regs(current))) {
	case __NR_mmap:
		return OOMTRACE_ORIGIN_MMAP;
	case __NR_brk:
		return OOMTRACE_ORIGIN_BRK;
	case __NR_mprotect:
	case __NR_pkey_mprotect:
		return OOMTRACE_ORIGIN_MPROTECT;
	case __NR_mremap:
		return OOMTRACE_ORIGIN_MREMAP;
	case __NR_clone:
	case __NR_clone3:
#ifdef __NR_fork
	case __NR_fork:
	case __NR_vfork:
#endif
		return OOMTRACE_ORIGIN_FORK;
	case __NR_execve:
	case __NR_execveat:
		return OOMTRACE_ORIGIN_EXEC;
	case __NR_ftruncate:
	case __NR_truncate:
	case __NR_fallocate:
	case __NR_shmget:
	case __NR_memfd_create:
	case __NR_write:
	case __NR_pwrite64:
	case __NR_writev:
		return OOMTRACE_ORIGIN_SHMEM;
	}
	return OOMTRACE_ORIGIN_OTHER;
}

/* hugetlb_total_pages(), which is not exported. */
static unsigned long hugetlb_pages(void)
{
	int i, max = READ_ONCE(*oomtrace_sym.hugetlb_max_hstate);
	unsigned long sum = 0;

	for (i = 0; i < max && i < HUGE_MAX_HSTATE; i++) {
		const struct hstate *h = &oomtrace_sym.hstates[i];

		sum += READ_ONCE(h->nr_huge_pages) * pages_per_huge_page(h);
	}
	return sum;
}

/**
 * struct terms - the numbers of the kernel's sum; see struct oomtrace_commit
 * @totalram: RAM, pages.
 * @total_swap: swap, pages.
 * @hugetlb: huge pages, in pages.
 * @kbytes: vm.overcommit_kbytes.
 * @ratio: vm.overcommit_ratio.
 * @limit: vm_commit_limit(), pages.
 * @admin_reserve: pages.
 * @user_reserve: pages.
 * @allowed: what is compared with, pages.
 * @committed: what is compared, pages; mode 2 only.
 * @disturbed: another CPU changed the counter meanwhile.
 */
struct terms {
	long totalram;
	long total_swap;
	unsigned long hugetlb;
	unsigned long kbytes;
	int ratio;
	long limit;
	long admin_reserve;
	long user_reserve;
	s64 allowed;
	s64 committed;
	bool disturbed;
};

/* The kernel's sum, in the kernel's order and types. */
static void do_the_sum(struct terms *t, const struct oomtrace_commit_call *call)
{
	t->totalram = totalram_pages();
	t->total_swap = READ_ONCE(*oomtrace_sym.total_swap_pages);
	t->hugetlb = hugetlb_pages();
	t->kbytes = READ_ONCE(*oomtrace_sym.overcommit_kbytes);
	t->ratio = READ_ONCE(*oomtrace_sym.overcommit_ratio);
	if (t->kbytes)
		t->limit = KB_TO_PAGES(t->kbytes);
	else
		t->limit = (t->totalram - t->hugetlb) * t->ratio / 100;
	t->limit += t->total_swap;
	t->admin_reserve =
		KB_TO_PAGES(READ_ONCE(*oomtrace_sym.admin_reserve_kbytes));
	t->user_reserve =
		KB_TO_PAGES(READ_ONCE(*oomtrace_sym.user_reserve_kbytes));

	if (call->mode == OVERCOMMIT_GUESS) {
		t->allowed = t->totalram + t->total_swap;
		return;
	}
	t->allowed = t->limit;
	if (!call->cap_sys_admin)
		t->allowed -= t->admin_reserve;
	if (call->mm)
		t->allowed -= min_t(long, call->total_vm / 32, t->user_reserve);
}

/* The counter as it was compared; the kernel reads it with a floor of zero. */
static void see_committed(struct terms *t,
			  const struct oomtrace_commit_call *call, int ret)
{
	s64 now = READ_ONCE(oomtrace_sym.committed_as->count);

	if (ret)
		now -= call->uncharge;
	t->committed = max_t(s64, now, 0);
	t->disturbed = now != call->committed;
}

/* Fields that no lack of a symbol and no circumstance can take away. */
#define ALWAYS_THERE (OOMTRACE_ALL(commit) &			\
	~(OOMTRACE_BIT(commit, committed) |			\
	  OOMTRACE_BIT(commit, allowed) |			\
	  OOMTRACE_BIT(commit, mode) |				\
	  OOMTRACE_BIT(commit, limit) |				\
	  OOMTRACE_BIT(commit, admin_reserve) |			\
	  OOMTRACE_BIT(commit, user_reserve) |			\
	  OOMTRACE_BIT(commit, total_vm) |			\
	  OOMTRACE_BIT(commit, total_swap) |			\
	  OOMTRACE_BIT(commit, hugetlb) |			\
	  OOMTRACE_BIT(commit, overcommit_kbytes) |		\
	  OOMTRACE_BIT(commit, overcommit_ratio) |		\
	  OOMTRACE_BIT(commit, stack) |				\
	  OOMTRACE_BIT(commit, left_out)))

/* What the symbols found at load let us say, for each mode. */
static u64 valid_by_mode[OOMTRACE_MODE_UNKNOWN + 1];

/**
 * oomtrace_commit_init() - note which fields this kernel lets us read
 *
 * After oomtrace_symbols_init(), before the hooks.
 */
void oomtrace_commit_init(void)
{
	u64 valid = ALWAYS_THERE;
	bool limit, reserves;

#define HAVE(member, field) do {					\
	if (oomtrace_have(&oomtrace_sym.member))			\
		valid |= OOMTRACE_BIT(commit, field);			\
} while (0)
	HAVE(overcommit_memory, mode);
	HAVE(admin_reserve_kbytes, admin_reserve);
	HAVE(user_reserve_kbytes, user_reserve);
	HAVE(total_swap_pages, total_swap);
	HAVE(overcommit_kbytes, overcommit_kbytes);
	HAVE(overcommit_ratio, overcommit_ratio);
	if (oomtrace_have(&oomtrace_sym.hugetlb_max_hstate))
		HAVE(hstates, hugetlb);
#undef HAVE
	limit = (valid & OOMTRACE_BIT(commit, total_swap)) &&
		(valid & OOMTRACE_BIT(commit, overcommit_kbytes)) &&
		(valid & OOMTRACE_BIT(commit, overcommit_ratio)) &&
		(valid & OOMTRACE_BIT(commit, hugetlb));
	reserves = (valid & OOMTRACE_BIT(commit, admin_reserve)) &&
		   (valid & OOMTRACE_BIT(commit, user_reserve));
	if (limit)
		valid |= OOMTRACE_BIT(commit, limit);

	valid_by_mode[OOMTRACE_MODE_UNKNOWN] = valid;
	valid_by_mode[OVERCOMMIT_ALWAYS] = valid;
	valid_by_mode[OVERCOMMIT_GUESS] = valid;
	if (valid & OOMTRACE_BIT(commit, total_swap))
		valid_by_mode[OVERCOMMIT_GUESS] |= OOMTRACE_BIT(commit, allowed);
	valid_by_mode[OVERCOMMIT_NEVER] = valid;
	if (limit && reserves)
		valid_by_mode[OVERCOMMIT_NEVER] |= OOMTRACE_BIT(commit, allowed);
	if (oomtrace_have(&oomtrace_sym.committed_as) &&
	    oomtrace_have(&oomtrace_sym.committed_as_batch))
		valid_by_mode[OVERCOMMIT_NEVER] |=
			OOMTRACE_BIT(commit, committed);
}

static void fill_stack(struct oomtrace_commit *rec, bool denied)
{
	rec->stack = denied ? oomtrace_stack_save() : 0;
	if (rec->stack)
		rec->h.valid |= OOMTRACE_BIT(commit, stack);
}

static void fill_left_out(struct oomtrace_commit *rec, u8 why, u32 left_out)
{
	rec->recorded = why;
	rec->left_out = left_out;
	if (why == OOMTRACE_RECORDED_NEAR)
		rec->h.valid |= OOMTRACE_BIT(commit, left_out);
}

static void record(const struct oomtrace_commit_call *call,
		   const struct terms *t, int ret, u8 why, u32 left_out)
{
	struct oomtrace_ring *ring = &oomtrace_rings[OOMTRACE_RING_COMMIT];
	struct oomtrace_commit *rec;

	rec = oomtrace_ring_reserve(ring, OOMTRACE_COMMIT, sizeof(*rec));
	if (!rec) {
		this_cpu_inc(oomtrace_stats.unrecorded);
		return;
	}
	rec->h.valid = valid_by_mode[call->mode & 3];
	rec->h.derived = 0;
	rec->pid = current->pid;
	rec->tgid = current->tgid;
	rec->uid = __kuid_val(current_uid());
	rec->ret = ret;
	oomtrace_comm(rec->comm, current);
	rec->cgroup_id = oomtrace_memcg_id(current);
	rec->pages = call->pages;
	rec->committed = 0;
	rec->allowed = call->mode == OVERCOMMIT_ALWAYS ? 0 : t->allowed;
	rec->limit = t->limit;
	rec->admin_reserve = t->admin_reserve;
	rec->user_reserve = t->user_reserve;
	rec->total_vm = call->total_vm;
	rec->totalram = t->totalram;
	rec->total_swap = t->total_swap;
	rec->hugetlb = t->hugetlb;
	rec->overcommit_kbytes = t->kbytes;
	rec->overcommit_ratio = t->ratio;
	rec->mode = call->mode;
	rec->cap_sys_admin = call->cap_sys_admin;
	rec->origin = origin();
	if (call->mm)
		rec->h.valid |= OOMTRACE_BIT(commit, total_vm);
	if (call->mode == OVERCOMMIT_NEVER) {
		rec->committed = t->committed;
		if (t->disturbed)
			rec->h.derived |= OOMTRACE_BIT(commit, committed);
	}
	fill_stack(rec, ret);
	fill_left_out(rec, why, left_out);
	oomtrace_ring_publish(ring, &rec->h);
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

static bool is_near(const struct terms *t)
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

static bool outcome_wanted(const struct oomtrace_commit_call *call, int ret)
{
	const struct oomtrace_filter *f =
		rcu_dereference_check(oomtrace_filter, true);

	return call->wanted && (!f || oomtrace_filter_outcome(f, ret));
}

static void maybe_record(const struct oomtrace_commit_call *call,
			 const struct terms *t, int ret)
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
	if (!outcome_wanted(call, ret))
		return;
	if (why == OOMTRACE_RECORDED_NEAR && !near_allowed(&left_out))
		return;
	oomtrace_knobs_look();
	record(call, t, ret, why, left_out);
}

int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs)
{
	const struct oomtrace_commit_call *call = (void *)ri->data;
	int ret = (int)regs_return_value(regs);
	struct terms t;

	count(call->mode, !!ret);
	if (ret)
		oomtrace_stats_denial();
	do_the_sum(&t, call);
	if (call->mode == OVERCOMMIT_NEVER) {
		see_committed(&t, call, ret);
		count_headroom(t.allowed - t.committed);
	}
	maybe_record(call, &t, ret);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_return);
