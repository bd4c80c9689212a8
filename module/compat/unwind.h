/* SPDX-License-Identifier: GPL-2.0 */
/*
 * asm/unwind.h for all supported architectures: the kernel stack of another task,
 * which does not run.
 *
 * Only x86 exports its unwinder on all kernels. Elsewhere there are no frames.
 */
#ifndef OOMTRACE_COMPAT_UNWIND_H
#define OOMTRACE_COMPAT_UNWIND_H

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
	unsigned long addr;

	for (unwind_start(&state, task, NULL, NULL); !unwind_done(&state) && nr < max;
	     unwind_next_frame(&state)) {
		addr = unwind_get_return_address(&state);
		if (!addr)
			break;
		frames[nr++] = addr;
	}
#endif
	return nr;
}

#endif /* OOMTRACE_COMPAT_UNWIND_H */
