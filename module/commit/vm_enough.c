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
 * In modes 0 (guess) and 1 (always) nearly all answers are known at entry: mode 1
 * grants every request, and mode 0 every request that is not larger than RAM. The
 * handlers do not hook the return of those calls. In mode 2 (never) the kernel
 * compares the approximate counter of committed pages, which other CPUs change at
 * the same time, so the answer is known only at the return.
 *
 * The handlers cannot read the counter at the moment of the comparison. At entry
 * they predict its value after the charge; at the return they compute its value
 * before the charge was taken back. If both agree and explain the answer, the
 * value is the one that the kernel compared. If not, another CPU changed the
 * counter, and the record marks the value as derived.
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

/* In mode 0 a request of at most totalram pages is always granted. */
static bool surely_granted(int mode, long pages)
{
	return mode == OVERCOMMIT_ALWAYS ||
	       (mode == OVERCOMMIT_GUESS && pages <= (long)totalram_pages());
}

/*
 * Predict the shared part of vm_committed_as after the charge; the decision reads
 * that part alone. percpu_counter_add_batch() sums up small changes on each CPU
 * and adds the sum to the shared part when it reaches the batch.
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

/* Read at entry what the handler of the return needs. */
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
		/* The shared and the local part must belong to one CPU. */
		preempt_disable();
		predict_charge(&call);
		preempt_enable();
	}
	return call;
}

/* ---- the handlers ---- */

/* Handle the entry of a call; true if its return is needed, too. */
static __always_inline bool needs_return(long pages)
{
	int mode = READ_ONCE(*oomtrace_sym.overcommit_memory);

	oomtrace_hit(OOMTRACE_HOOK_VM_ENOUGH);
	this_cpu_inc(oomtrace_stats.pages[fls64(pages)]);
	if (oomtrace_sysctl_mode_changed(mode))
		oomtrace_sysctl_record_changes();
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

	/* Nonzero: do not hook the return of this call. */
	if (!needs_return(pages))
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
static int refuse_unattached(struct mm_struct *mm, long pages, int cap_sys_admin)
{
	return -ENOMEM;
}

/* The kernel's __vm_enough_memory(), entered after the call of ftrace. */
DEFINE_STATIC_CALL(oomtrace_vm_enough_body, refuse_unattached);

static void set_vm_enough_body(unsigned long body)
{
	static_call_update(oomtrace_vm_enough_body, (void *)body);
}

/*
 * Runs in place of __vm_enough_memory() for calls whose return is needed.
 * Preemption is on, as in the original, except while the answer is handled.
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
	if (needs_return(pages))
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
