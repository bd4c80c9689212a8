/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The number of the system call that current is in.
 */
#ifndef OOMTRACE_SYSCALL_H
#define OOMTRACE_SYSCALL_H

#include <linux/compat.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>

/**
 * oomtrace_syscall_nr() - get the number of the system call that current is in
 * @ia32: out: it is the number of a 32-bit program on x86-64.
 *
 * Return: the number. -1 if current is in none, as threads of the kernel and of
 * io_uring, or if it has other numbers than a 64-bit program that are not known here.
 */
static inline int oomtrace_syscall_nr(bool *ia32)
{
	*ia32 = false;
	if (current->flags & (PF_KTHREAD | PF_IO_WORKER))
		return -1;
#ifdef CONFIG_X86_64
	*ia32 = in_ia32_syscall();
#elif defined(CONFIG_COMPAT)
	if (is_compat_task())
		return -1;
#endif
	return syscall_get_nr(current, task_pt_regs(current));
}

#endif /* OOMTRACE_SYSCALL_H */
