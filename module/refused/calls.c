// SPDX-License-Identifier: GPL-2.0
/*
 * The system calls whose refusals are recorded, by number, and their arguments.
 *
 * A hooked function may also run inside another call: execve(2) unmaps memory. So the
 * number of the call that current is in decides. The registers still have the
 * arguments when the call returns.
 */
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <uapi/linux/ipc.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
#include <asm/unistd_32_ia32.h>
#endif

#include "refused/calls.h"
#include "syscall.h"

#define NUMBERS	512

static const u8 calls[NUMBERS] = {
	[__NR_mmap]		= OOMTRACE_CALL_MMAP,
	[__NR_brk]		= OOMTRACE_CALL_BRK,
	[__NR_mremap]		= OOMTRACE_CALL_MREMAP,
	[__NR_mprotect]		= OOMTRACE_CALL_MPROTECT,
	[__NR_pkey_mprotect]	= OOMTRACE_CALL_MPROTECT,
	[__NR_munmap]		= OOMTRACE_CALL_MUNMAP,
	[__NR_mlock]		= OOMTRACE_CALL_MLOCK,
	[__NR_mlock2]		= OOMTRACE_CALL_MLOCK,
	[__NR_mlockall]		= OOMTRACE_CALL_MLOCKALL,
	[__NR_shmget]		= OOMTRACE_CALL_SHMGET,
	[__NR_shmat]		= OOMTRACE_CALL_SHMAT,
	[__NR_madvise]		= OOMTRACE_CALL_MADVISE,
	[__NR_clone]		= OOMTRACE_CALL_FORK,
	[__NR_clone3]		= OOMTRACE_CALL_FORK,
#ifdef __NR_fork
	[__NR_fork]		= OOMTRACE_CALL_FORK,
	[__NR_vfork]		= OOMTRACE_CALL_FORK,
#endif
	[__NR_execve]		= OOMTRACE_CALL_EXEC,
	[__NR_execveat]		= OOMTRACE_CALL_EXEC,
	[__NR_io_uring_setup]	= OOMTRACE_CALL_IO_URING,
	[__NR_io_uring_register] = OOMTRACE_CALL_IO_URING,
	[__NR_bpf]		= OOMTRACE_CALL_BPF,
	[__NR_init_module]	= OOMTRACE_CALL_MODULE,
	[__NR_finit_module]	= OOMTRACE_CALL_MODULE,
};

#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
static const u8 calls_ia32[NUMBERS] = {
	[__NR_ia32_mmap]	= OOMTRACE_CALL_MMAP,
	[__NR_ia32_mmap2]	= OOMTRACE_CALL_MMAP,
	[__NR_ia32_brk]		= OOMTRACE_CALL_BRK,
	[__NR_ia32_mremap]	= OOMTRACE_CALL_MREMAP,
	[__NR_ia32_mprotect]	= OOMTRACE_CALL_MPROTECT,
	[__NR_ia32_pkey_mprotect] = OOMTRACE_CALL_MPROTECT,
	[__NR_ia32_munmap]	= OOMTRACE_CALL_MUNMAP,
	[__NR_ia32_mlock]	= OOMTRACE_CALL_MLOCK,
	[__NR_ia32_mlock2]	= OOMTRACE_CALL_MLOCK,
	[__NR_ia32_mlockall]	= OOMTRACE_CALL_MLOCKALL,
	[__NR_ia32_shmget]	= OOMTRACE_CALL_SHMGET,
	[__NR_ia32_shmat]	= OOMTRACE_CALL_SHMAT,
	[__NR_ia32_madvise]	= OOMTRACE_CALL_MADVISE,
	[__NR_ia32_clone]	= OOMTRACE_CALL_FORK,
	[__NR_ia32_clone3]	= OOMTRACE_CALL_FORK,
	[__NR_ia32_fork]	= OOMTRACE_CALL_FORK,
	[__NR_ia32_vfork]	= OOMTRACE_CALL_FORK,
	[__NR_ia32_execve]	= OOMTRACE_CALL_EXEC,
	[__NR_ia32_execveat]	= OOMTRACE_CALL_EXEC,
	[__NR_ia32_io_uring_setup] = OOMTRACE_CALL_IO_URING,
	[__NR_ia32_io_uring_register] = OOMTRACE_CALL_IO_URING,
	[__NR_ia32_bpf]		= OOMTRACE_CALL_BPF,
	[__NR_ia32_init_module]	= OOMTRACE_CALL_MODULE,
	[__NR_ia32_finit_module] = OOMTRACE_CALL_MODULE,
};

/* Calls of a 32-bit program whose arguments are elsewhere: the old mmap, and ipc(). */
static u8 call_of_ia32(struct oomtrace_call_args *c, unsigned int nr)
{
	if (nr == __NR_ia32_mmap || nr == __NR_ia32_ipc)
		c->known = false;
	if (nr != __NR_ia32_ipc)
		return nr < NUMBERS ? calls_ia32[nr] : OOMTRACE_CALL_OTHER;
	switch (c->arg[0] & U16_MAX) {
	case SHMGET:
		return OOMTRACE_CALL_SHMGET;
	case SHMAT:
		return OOMTRACE_CALL_SHMAT;
	}
	return OOMTRACE_CALL_OTHER;
}
#else
static u8 call_of_ia32(struct oomtrace_call_args *c, unsigned int nr)
{
	return OOMTRACE_CALL_OTHER;
}
#endif

/**
 * oomtrace_call_of_current() - get the system call that current is in
 * @c: out: the call.
 */
void oomtrace_call_of_current(struct oomtrace_call_args *c)
{
	bool ia32;
	unsigned int nr = oomtrace_syscall_nr(&ia32);

	c->call = OOMTRACE_CALL_OTHER;
	c->known = nr != -1U;
	if (!c->known)
		return;
	syscall_get_arguments(current, task_pt_regs(current), c->arg);
	if (ia32)
		c->call = call_of_ia32(c, nr);
	else if (nr < NUMBERS)
		c->call = calls[nr];
}
