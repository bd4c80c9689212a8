/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system call that requests address space.
 */
#ifndef OOMTRACE_ORIGIN_H
#define OOMTRACE_ORIGIN_H

#include <linux/compat.h>
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

/* Get the enum oomtrace_origin of the system call that current is in. */
static __always_inline u8 oomtrace_origin(void)
{
	const u8 *origins = oomtrace_origins;
	unsigned int nr;

	if (unlikely(current->flags & PF_KTHREAD))
		return OOMTRACE_ORIGIN_OTHER;
#ifdef CONFIG_X86_64
	if (unlikely(in_ia32_syscall()))
		origins = oomtrace_origins_ia32;
#elif defined(CONFIG_COMPAT)
	/* The numbers of 32-bit system calls are other ones, and not known here. */
	if (unlikely(is_compat_task()))
		return OOMTRACE_ORIGIN_OTHER;
#endif
	nr = syscall_get_nr(current, task_pt_regs(current));
	return likely(nr < OOMTRACE_SYSCALLS) ? origins[nr] : OOMTRACE_ORIGIN_OTHER;
}

#endif /* OOMTRACE_ORIGIN_H */
