// SPDX-License-Identifier: GPL-2.0
/*
 * Commit accounting: whether a task gets the address space that it requests.
 *
 * Handlers at the entry and the return of __vm_enough_memory(mm, pages,
 * cap_sys_admin). That function charges the pages, compares the total with the
 * limit, and takes the charge back if it denies the request. The handlers run in
 * the context of the task that makes the request, whenever the machine maps
 * memory, so every instruction counts. They only observe.
 *
 * In modes 0 (guess) and 1 (always) the answer is known at entry: mode 1 grants
 * every request, and mode 0 every request that is not larger than RAM and swap.
 * A hook at the entry is enough.
 *
 * In mode 2 (never) the kernel compares the approximate counter of committed
 * pages, which other CPUs change at the same time, so the answer is known only at
 * the return. While mode 2 is in force, a return probe replaces the hook at the
 * entry. It does not hook the return of a call that is far from the limit. Until
 * the probe is attached, the answers in mode 2 are predicted from the numbers at
 * entry, and the records mark them as derived.
 *
 * The handlers cannot read the counter at the moment of the comparison. At entry
 * they predict its value after the charge; at the return they compute its value
 * before the charge was taken back. If both agree and explain the answer, the
 * value is the one that the kernel compared. If not, another CPU changed the
 * counter, and the record marks the value as derived.
 */
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mman.h>

#include "commit/choice.h"
#include "commit/commit.h"
#include "commit/limit.h"
#include "commit/origin.h"
#include "commit/quick.h"
#include "commit/sysctl.h"
#include "commit/vm_enough.h"
#include "compat/ptrace.h"
#include "hook/attach.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "later.h"
#include "stats.h"

const size_t oomtrace_commit_call_size = sizeof(struct oomtrace_commit_call);

/* Does the return probe handle the calls on this CPU, and not the entry hook? */
static DEFINE_PER_CPU(bool, by_return);
/* Calls whose return is waited for; they may return on another CPU. */
static DEFINE_PER_CPU(long, in_flight);
/* What the user of this file decided last; the CPUs follow. */
static bool uses_return;

static struct oomtrace_later mode_change;

/* Can the answer be worked out at entry, from variables that were found? */
static bool is_known_at_entry(int mode)
{
	return mode == OVERCOMMIT_ALWAYS ||
	       (mode == OVERCOMMIT_GUESS &&
		oomtrace_have(&oomtrace_sym.total_swap));
}

/* What is to be known of a call until it has its answer. Preemption is off. */
static __always_inline struct oomtrace_commit_call
begin_call(unsigned long mm, long pages, unsigned long cap_sys_admin, int mode)
{
	struct oomtrace_commit_call call = {
		.mm = (struct mm_struct *)mm,
		.pages = pages,
		.total_vm = mm ? READ_ONCE(((struct mm_struct *)mm)->total_vm) : 0,
		.cap_sys_admin = (int)cap_sys_admin,
		.mode = mode,
		.fault = oomtrace_origin_in_fault(current),
	};

	if (mode == OVERCOMMIT_NEVER)
		call.committed = oomtrace_commit_charge(pages, &call.local);
	return call;
}

/* The hooks are not set up for this mode: write a mark, and have them set up. */
static noinline void note_mode(int mode)
{
	if (oomtrace_sysctl_mode_changed(mode))
		oomtrace_sysctl_record_changes();
	/*
	 * Once is enough. The request interrupts this call, and another task may then
	 * switch the mode before the kernel reads it.
	 */
	if (!delayed_work_pending(&mode_change.work))
		oomtrace_later_ask(&mode_change);
}

static bool is_followed(int mode)
{
	return likely(mode == READ_ONCE(oomtrace_quick.followed));
}

/* The answer follows from the numbers at entry, or is worked out from them. */
static noinline void answer_at_entry(unsigned long mm, long pages,
				     unsigned long cap_sys_admin, int mode,
				     struct pt_regs *regs)
{
	struct oomtrace_commit_call call =
		begin_call(mm, pages, cap_sys_admin, mode);

	call.regs = regs;
	oomtrace_stats_pages(pages);
	oomtrace_commit_predict(&call);
}

static __always_inline void
handle_at_entry(unsigned long mm, long pages, unsigned long cap_sys_admin,
		int mode, struct pt_regs *regs)
{
	if (unlikely(!oomtrace_is_granted(mode, pages))) {
		answer_at_entry(mm, pages, cap_sys_admin, mode, regs);
		return;
	}
	oomtrace_quick_add((unsigned int)mode, pages);
	if (oomtrace_records_all() && oomtrace_filter_passes(pages, mode, 0))
		oomtrace_commit_record_any_grant(mm, pages, cap_sys_admin, mode);
}

/* ---- the handlers ---- */

/* A call that can take no quick way. */
static noinline void enter_the_long_way(unsigned long mm, unsigned long pages,
					unsigned long cap_sys_admin,
					struct pt_regs *regs)
{
	int mode;

	if (this_cpu_read(by_return))
		return;
	mode = READ_ONCE(*oomtrace_sym.overcommit_memory);
	if (!is_followed(mode))
		note_mode(mode);
	handle_at_entry(mm, pages, cap_sys_admin, mode, regs);
}

static __always_inline void enter_vm_enough(unsigned long mm, unsigned long pages,
					    unsigned long cap_sys_admin,
					    struct pt_regs *regs)
{
	unsigned long mode = oomtrace_quick_mode();

	if (unlikely(!oomtrace_quick_records(mode, pages))) {
		enter_the_long_way(mm, pages, cap_sys_admin, regs);
		return;
	}
	oomtrace_quick_add(mode, pages);
	if (oomtrace_filter_passes(pages, mode, 0))
		oomtrace_commit_record_grant(mm, pages, cap_sys_admin, mode);
}

static __always_inline bool enter_quickly(unsigned long mm, unsigned long pages,
					  unsigned long cap_sys_admin)
{
	return oomtrace_quick_count(pages);
}

OOMTRACE_DEFINE_QUICK_ENTRY(oomtrace_vm_enough, enter_quickly, enter_vm_enough);

/*
 * Other CPUs may add to the counter before the kernel compares it: what each may
 * hold back, many times over, and a part of what is allowed.
 */
#define MARGIN_BATCHES	8
#define MARGIN_SHIFT	5

/* A call too close to the limit, on its way from one entry handler to the next. */
static DEFINE_PER_CPU(struct oomtrace_commit_call, close_call);

/*
 * Is a request in mode 2 granted? Far from the limit it is, unless another CPU charges more
 * than the margin before the kernel compares: a gigantic request that it denies itself, and
 * whose charge it has not taken back yet. That cannot be seen here. If it is granted, count
 * it, unless it may be a near miss. If it is too close, fill @close, unless that is NULL.
 */
static __always_inline bool
count_ample(struct mm_struct *mm, long pages, int cap_sys_admin,
	    unsigned int near_percent, struct oomtrace_commit_call *close)
{
	unsigned long total_vm = mm ? READ_ONCE(mm->total_vm) : 0;
	s64 batch = READ_ONCE(*oomtrace_sym.committed_as_batch);
	unsigned long hugetlb = oomtrace_hugetlb_pages();
	long totalram = totalram_pages();
	/* A plain load, which the test does by itself. */
	unsigned long kbytes = data_race(*oomtrace_sym.overcommit_kbytes);
	s64 limit, allowed, shared, local, left, margin;

	limit = oomtrace_commit_limit(totalram,
				      READ_ONCE(*oomtrace_sym.total_swap), hugetlb,
				      kbytes,
				      READ_ONCE(*oomtrace_sym.overcommit_ratio));
	allowed = oomtrace_commit_allowed(limit,
					  READ_ONCE(*oomtrace_sym.admin_reserve_kbytes),
					  READ_ONCE(*oomtrace_sym.user_reserve_kbytes),
					  cap_sys_admin, mm, total_vm);
	shared = oomtrace_commit_charge(pages, &local);
	if (unlikely(shared < 0))
		return false;
	left = allowed - shared;
	margin = (allowed >> MARGIN_SHIFT) + num_online_cpus() * MARGIN_BATCHES * batch;
	if (unlikely(left <= margin)) {
		if (close)
			*close = (struct oomtrace_commit_call) {
				.mm = mm,
				.pages = pages,
				.committed = shared,
				.local = local,
				.total_vm = total_vm,
				.cap_sys_admin = cap_sys_admin,
				.mode = OVERCOMMIT_NEVER,
				.allowed = allowed,
			};
		return false;
	}
	if (near_percent &&
	    oomtrace_is_near(allowed, allowed - left + margin, near_percent))
		return false;
	oomtrace_quick_add(OVERCOMMIT_NEVER, pages);
	/* fls64(left), in fewer instructions; left is more than margin. */
	this_cpu_inc(oomtrace_stats.headroom[__fls(2 * left + 1)]);
	return true;
}

/* The same while near misses are recorded; the return probe handles the call. */
static noinline bool count_ample_not_near(struct mm_struct *mm, long pages,
					  int cap_sys_admin)
{
	unsigned int percent = READ_ONCE(oomtrace_near_percent);
	int mode = READ_ONCE(*oomtrace_sym.overcommit_memory);

	return mode == OVERCOMMIT_NEVER && is_followed(mode) &&
	       this_cpu_read(by_return) && !oomtrace_records_all() &&
	       oomtrace_commit_has_terms(mode) &&
	       count_ample(mm, pages, cap_sys_admin, percent, NULL);
}

NOKPROBE_SYMBOL(count_ample_not_near);

int notrace oomtrace_vm_enough_before(struct kprobe *kp, struct pt_regs *regs)
{
	struct mm_struct *mm = (void *)regs_get_kernel_argument(regs, 0);
	long pages = (long)regs_get_kernel_argument(regs, 1);
	int cap_sys_admin = (int)regs_get_kernel_argument(regs, 2);

	if (likely(oomtrace_quick_is_ample())) {
		int ret;

		if (likely(count_ample(mm, pages, cap_sys_admin, 0,
				       this_cpu_ptr(&close_call))))
			return 0;
		ret = oomtrace_take_return(kp, regs);
		/* The next call must not find it, if no instance was free for this. */
		this_cpu_write(close_call.allowed, 0);
		return ret;
	} else if (READ_ONCE(oomtrace_near_percent) &&
		   count_ample_not_near(mm, pages, cap_sys_admin)) {
		return 0;
	}
	return oomtrace_take_return(kp, regs);
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_before);

OOMTRACE_DEFINE_RETURN_ENTRY(oomtrace_vm_enough_by_ftrace, oomtrace_vm_enough_before);

int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	struct oomtrace_commit_call *call = (void *)ri->data;
	unsigned long mm = regs_get_kernel_argument(regs, 0);
	long pages = (long)regs_get_kernel_argument(regs, 1);
	unsigned long cap_sys_admin = regs_get_kernel_argument(regs, 2);
	int mode;

	if (likely(this_cpu_read(close_call.allowed) > 0)) {
		oomtrace_hit(OOMTRACE_HOOK_VM_ENOUGH_RETURN);
		oomtrace_stats_pages(pages);
		*call = *this_cpu_ptr(&close_call);
		call->fault = oomtrace_origin_in_fault(current);
		this_cpu_inc(in_flight);
		return 0;
	}
	/* Nonzero: leave the return alone. */
	if (!this_cpu_read(by_return))
		return 1;
	oomtrace_hit(OOMTRACE_HOOK_VM_ENOUGH_RETURN);
	mode = READ_ONCE(*oomtrace_sym.overcommit_memory);
	if (!is_followed(mode))
		note_mode(mode);
	if (oomtrace_is_granted(mode, pages) || is_known_at_entry(mode)) {
		handle_at_entry(mm, pages, cap_sys_admin, mode, regs);
		return 1;
	}
	oomtrace_stats_pages(pages);
	*call = begin_call(mm, pages, cap_sys_admin, mode);
	this_cpu_inc(in_flight);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_entry);

/*
 * Count a grant close to the limit that needs no record, if the numbers at entry
 * explain it.
 */
static __always_inline bool count_close(const struct oomtrace_commit_call *call, int ret)
{
	s64 left;

	if (unlikely(ret || call->allowed <= 0 || !oomtrace_quick_is_ample()))
		return false;
	left = call->allowed -
	       max_t(s64, READ_ONCE(oomtrace_sym.committed_as->count), 0);
	if (unlikely(left <= 0))
		return false;
	oomtrace_commit_count(OVERCOMMIT_NEVER, false);
	oomtrace_stats_headroom(left);
	return true;
}

int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs)
{
	struct oomtrace_commit_call *call = (void *)ri->data;
	int ret = (int)regs_return_value(regs);

	if (!count_close(call, ret))
		oomtrace_commit_answer(call, ret, regs);
	this_cpu_dec(in_flight);
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_return);

/* ---- which of them is in charge ---- */

/**
 * oomtrace_vm_enough_init() - before the first handler runs
 * @mode_changed: work to do when a handler sees that the mode has changed.
 */
void oomtrace_vm_enough_init(work_func_t mode_changed)
{
	oomtrace_quick_init();
	oomtrace_later_init(&mode_change, mode_changed, 0);
}

/**
 * oomtrace_vm_enough_cancel() - drop that work; no handler is left
 */
void oomtrace_vm_enough_cancel(void)
{
	oomtrace_later_cancel(&mode_change);
}

/**
 * oomtrace_vm_enough_look_again() - have that work done later
 * @delay: jiffies.
 */
void oomtrace_vm_enough_look_again(unsigned long delay)
{
	cancel_delayed_work(&mode_change.work);
	schedule_delayed_work(&mode_change.work, delay);
}

/**
 * oomtrace_vm_enough_wants_return() - is the mode one that only the return answers?
 */
bool oomtrace_vm_enough_wants_return(void)
{
	return !is_known_at_entry(READ_ONCE(*oomtrace_sym.overcommit_memory));
}

/**
 * oomtrace_vm_enough_followed() - the hooks are set up for the mode last seen
 */
void oomtrace_vm_enough_followed(void)
{
	oomtrace_quick_follow(&oomtrace_sysctl_seen.memory);
}

/**
 * oomtrace_vm_enough_uses_return() - is the return probe in charge?
 */
bool oomtrace_vm_enough_uses_return(void)
{
	return uses_return;
}

static void switch_this_cpu(struct work_struct *unused)
{
	this_cpu_write(by_return, uses_return);
}

static DEFINE_PER_CPU(struct work_struct, switch_work);

static long count_in_flight(void)
{
	unsigned int cpu;
	long n = 0;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu(in_flight, cpu));
	return n;
}

/* How long to wait for calls that are inside the function, ms. */
#define DRAIN_MS	1000

/**
 * oomtrace_vm_enough_use_return() - put the return probe in charge, or the entry hook
 * @on: the return probe.
 *
 * Both must be attached, so that both see each call in one pass with preemption
 * off. A worker of each CPU changes who is in charge there. It runs between two
 * passes, so both always agree, and no call is handled twice or by none.
 *
 * With @on false it returns when no call's return is waited for any more.
 */
void oomtrace_vm_enough_use_return(bool on)
{
	unsigned int cpu, ms;

	uses_return = on;
	if (on)
		oomtrace_quick_set(OOMTRACE_QUICK_RETURN, true);
	else
		oomtrace_quick_set(OOMTRACE_QUICK_RETURNS, false);
	cpus_read_lock();
	for_each_possible_cpu(cpu) {
		struct work_struct *work = per_cpu_ptr(&switch_work, cpu);

		if (!cpu_online(cpu)) {
			per_cpu(by_return, cpu) = on;
			continue;
		}
		INIT_WORK(work, switch_this_cpu);
		schedule_work_on(cpu, work);
	}
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(&switch_work, cpu));
	cpus_read_unlock();
	if (on)
		oomtrace_quick_set(OOMTRACE_QUICK_RETURNS, true);
	else
		oomtrace_quick_set(OOMTRACE_QUICK_RETURN, false);
	for (ms = 0; !on && ms < DRAIN_MS && count_in_flight(); ms++)
		usleep_range(1000, 2000);
}
