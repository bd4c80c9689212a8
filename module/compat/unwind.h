/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/unwind.h for all supported architectures: the kernel stack of another task,
 * which does not run, and that of current, from a hooked function on.
 *
 * Only x86 exports its unwinder on all kernels. Elsewhere there are no frames.
 */
#ifndef OOMTRACE_COMPAT_UNWIND_H
#define OOMTRACE_COMPAT_UNWIND_H

#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#ifdef CONFIG_X86
#include <asm/unwind.h>
#endif

/*
 * Is the task off every CPU and run queue, and not exiting? The caller holds its
 * pi_lock, without which no task can be woken: it stays so, and its stack stays too.
 * The stack of a task that has exited may be gone, though the task is not.
 */
static inline bool oomtrace_is_blocked(const struct task_struct *task)
{
	lockdep_assert_held(&task->pi_lock);
	if (READ_ONCE(task->on_rq))
		return false;
#ifdef CONFIG_SMP
	/*
	 * Acquire: pairs with the scheduler's release, after the registers are saved.
	 * What the task stored before, as its exit_state, is seen below.
	 */
	if (smp_load_acquire(&task->on_cpu))
		return false;
#endif
	return !READ_ONCE(task->exit_state);
}

#ifdef CONFIG_X86
static inline unsigned int oomtrace_unwind_rest(struct unwind_state *state,
						unsigned long *frames, unsigned int nr,
						unsigned int max)
{
	unsigned long addr;

	for (; !unwind_done(state) && nr < max; unwind_next_frame(state)) {
		addr = unwind_get_return_address(state);
		if (!addr)
			break;
		frames[nr++] = addr;
	}
	return nr;
}
#endif

/**
 * oomtrace_unwind() - get the return addresses of a task
 * @task: a task with oomtrace_is_blocked(); its pi_lock is held.
 * @frames: out: return addresses, innermost first.
 * @max: the most that fit.
 *
 * Return: how many; 0 if this kernel cannot unwind.
 */
static inline unsigned int oomtrace_unwind(struct task_struct *task,
					   unsigned long *frames, unsigned int max)
{
	unsigned int nr = 0;
#ifdef CONFIG_X86
	struct unwind_state state;

	unwind_start(&state, task, NULL, NULL);
	nr = oomtrace_unwind_rest(&state, frames, 0, max);
#endif
	return nr;
}

/*
 * Can the stack be unwound from a hooked function on? At its entry there is no frame
 * for it yet: only ORC knows where its return address is.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_UNWINDER_ORC)
#define OOMTRACE_UNWINDS_HOOKED	1
#else
#define OOMTRACE_UNWINDS_HOOKED	0
#endif

/**
 * oomtrace_unwind_hooked() - get the return addresses of current, from a hook on
 * @regs: the registers at the hooked function's entry, or after its return.
 * @at_entry: at its entry.
 * @frames: out: return addresses, innermost first; that of the hooked function first.
 * @max: the most that fit.
 *
 * The frames of the handler and of what calls it are not unwound, which would take
 * longer than all others together.
 *
 * Return: how many; 0 without OOMTRACE_UNWINDS_HOOKED.
 */
static inline unsigned int oomtrace_unwind_hooked(struct pt_regs *regs, bool at_entry,
						  unsigned long *frames, unsigned int max)
{
	unsigned int nr = 0;
#if OOMTRACE_UNWINDS_HOOKED
	struct unwind_state state;

	/* unwind_start() skips the function that the registers are in. */
	if (!at_entry)
		frames[nr++] = instruction_pointer(regs);
	unwind_start(&state, current, regs, NULL);
	nr = oomtrace_unwind_rest(&state, frames, nr, max);
#endif
	return nr;
}

#endif /* OOMTRACE_COMPAT_UNWIND_H */
