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

#include "commit/choice.h"
#include "commit/commit.h"
#include "commit/sysctl.h"
#include "commit/vm_enough.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "stats.h"

const size_t oomtrace_commit_call_size = sizeof(struct oomtrace_commit_call);

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
static __always_inline void predict_charge(struct oomtrace_commit_call *call)
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
	call->local = local;
}

/* What is to be known of a call until it returns. */
static __always_inline struct oomtrace_commit_call
begin_call(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	struct oomtrace_commit_call call = {
		.mm = mm,
		.pages = pages,
		.total_vm = mm ? READ_ONCE(mm->total_vm) : 0,
		.cap_sys_admin = cap_sys_admin,
		.mode = READ_ONCE(*oomtrace_sym.overcommit_memory),
	};

	if (call.mode == OVERCOMMIT_NEVER) {
		preempt_disable();
		predict_charge(&call);
		preempt_enable();
	}
	return call;
}

/* ---- the handlers ---- */

/* Told at once, or is the answer to be waited for? */
static __always_inline bool wants_answer(long pages)
{
	int mode = READ_ONCE(*oomtrace_sym.overcommit_memory);

	oomtrace_hit(OOMTRACE_HOOK_VM_ENOUGH);
	this_cpu_inc(oomtrace_stats.pages[fls64(pages)]);
	if (oomtrace_sysctl_mode_changed(mode))
		oomtrace_sysctl_look();
	if (!surely_granted(mode, pages) || oomtrace_records_grant(pages, mode))
		return true;
	oomtrace_commit_count(mode, false);
	return false;
}

int oomtrace_vm_enough_entry(struct kretprobe_instance *ri,
			     struct pt_regs *regs)
{
	struct oomtrace_commit_call *call = (void *)ri->data;
	long pages = (long)regs_get_kernel_argument(regs, 1);

	/* Nonzero: leave the return alone. */
	if (!wants_answer(pages))
		return 1;
	*call = begin_call((struct mm_struct *)regs_get_kernel_argument(regs, 0),
			   pages, (int)regs_get_kernel_argument(regs, 2));
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_entry);

int oomtrace_vm_enough_return(struct kretprobe_instance *ri,
			      struct pt_regs *regs)
{
	oomtrace_commit_answer((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}

NOKPROBE_SYMBOL(oomtrace_vm_enough_return);

#if OOMTRACE_HAS_DETOUR
/* What a detour is about: detour.c. */

static int refuse_unattached(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	return -ENOMEM;
}

/* The kernel's __vm_enough_memory(), behind ftrace's call at its start. */
DEFINE_STATIC_CALL(oomtrace_vm_enough_body, refuse_unattached);

static void set_vm_enough_body(unsigned long body)
{
	static_call_update(oomtrace_vm_enough_body, (void *)body);
}

/*
 * In the place of __vm_enough_memory(), for calls whose answer is waited for. As
 * there, preemption is on, but for what must be seen and told in one piece.
 */
static int call_vm_enough(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	struct oomtrace_commit_call call = begin_call(mm, pages, cap_sys_admin);
	int ret;

	ret = static_call(oomtrace_vm_enough_body)(mm, pages, cap_sys_admin);
	preempt_disable();
	oomtrace_commit_answer(&call, ret);
	preempt_enable();
	return ret;
}

static void notrace enter_vm_enough(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	long pages = (long)oomtrace_fregs_argument(fregs, 1);

	preempt_disable_notrace();
	if (wants_answer(pages))
		oomtrace_fregs_set_ip(fregs, (unsigned long)call_vm_enough);
	preempt_enable_notrace();
}

struct oomtrace_detour oomtrace_vm_enough_detour = {
	.ops.func	= enter_vm_enough,
	.set_body	= set_vm_enough_body,
};
#else
struct oomtrace_detour oomtrace_vm_enough_detour;
#endif
