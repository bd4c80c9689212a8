/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system call, or the page fault, that requests address space.
 */
#ifndef OOMTRACE_ORIGIN_H
#define OOMTRACE_ORIGIN_H

#include <linux/compat.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>

#include "include/oomtrace.h"

/* Greater than the number of any system call in the tables. */
#define OOMTRACE_SYSCALLS	512

/* enum oomtrace_origin by system call; 0: OOMTRACE_ORIGIN_OTHER. */
extern const u8 oomtrace_origins[OOMTRACE_SYSCALLS];
/* The same for 32-bit programs. */
extern const u8 oomtrace_origins_ia32[OOMTRACE_SYSCALLS];

/* The mmap of a 32-bit program whose arguments are in its memory, and chmod else. */
#define OOMTRACE_IA32_OLD_MMAP	90

u8 oomtrace_origin_of_fault(void);

/* Does the mmap(2) that the task, which is current, is in map anonymous memory as shared? */
static __always_inline bool oomtrace_maps_shared_memory(struct task_struct *task,
							const struct pt_regs *regs)
{
	const unsigned long flags = MAP_ANONYMOUS | MAP_SHARED;
	unsigned long args[6];

	syscall_get_arguments(task, (struct pt_regs *)regs, args);
	return (args[3] & flags) == flags;
}

/* Is the task, which is current, in a page fault of user space or an interrupt? */
static __always_inline bool oomtrace_origin_is_fault(struct task_struct *task)
{
	return unlikely(syscall_get_nr(task, task_pt_regs(task)) == -1);
}

/*
 * Get the enum oomtrace_origin of the page fault of user space that current is in. A
 * page fault that a system call causes itself counts as the system call. Call at the
 * entry of a kernel function: kernels before 5.15 cannot unwind the stack at its
 * return.
 */
static __always_inline u8 oomtrace_origin_in_fault(struct task_struct *task)
{
	return oomtrace_origin_is_fault(task) ? oomtrace_origin_of_fault() :
						OOMTRACE_ORIGIN_OTHER;
}

#ifdef CONFIG_X86_64
/* in_ia32_syscall() without another load of current. */
static __always_inline bool oomtrace_in_ia32_syscall(struct task_struct *task)
{
	return IS_ENABLED(CONFIG_IA32_EMULATION) &&
	       task_thread_info(task)->status & TS_COMPAT;
}
#endif

/*
 * Get the enum oomtrace_origin of the system call that a task is in.
 * @task: current, as the caller has loaded it.
 */
static __always_inline u8 oomtrace_origin_of_syscall(struct task_struct *task)
{
	const struct pt_regs *regs = task_pt_regs(task);
	const u8 *origins = oomtrace_origins;
	unsigned int nr;
	u8 origin;

	/* A worker of io_uring has the registers of the call that made it. */
	if (unlikely(task->flags & (PF_KTHREAD | PF_IO_WORKER)))
		return OOMTRACE_ORIGIN_OTHER;
#ifdef CONFIG_X86_64
	if (unlikely(oomtrace_in_ia32_syscall(task)))
		origins = oomtrace_origins_ia32;
#elif defined(CONFIG_COMPAT)
	/* The numbers of 32-bit system calls are other ones, and not known here. */
	if (unlikely(is_compat_task()))
		return OOMTRACE_ORIGIN_OTHER;
#endif
	nr = syscall_get_nr(task, (struct pt_regs *)regs);
	if (unlikely(nr >= OOMTRACE_SYSCALLS))
		return OOMTRACE_ORIGIN_OTHER;
	origin = origins[nr];
	if (likely(origin == OOMTRACE_ORIGIN_MMAP && nr != OOMTRACE_IA32_OLD_MMAP) &&
	    oomtrace_maps_shared_memory(task, regs))
		origin = OOMTRACE_ORIGIN_MMAP_SHARED;
	return origin;
}

#endif /* OOMTRACE_ORIGIN_H */
