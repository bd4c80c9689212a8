// SPDX-License-Identifier: GPL-2.0
/*
 * The system calls that request address space, by number, and the page faults that
 * do.
 *
 * There are two tables, since the system calls of a 32-bit program have other
 * numbers than those of a 64-bit program. Which kind of page fault it is, only the
 * stack shows.
 */
#include <linux/kernel.h>
#include <linux/stacktrace.h>
#include <asm/unistd.h>
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
#include <asm/unistd_32_ia32.h>
#endif

#include "commit/origin.h"
#include "hook/symbols.h"

static_assert(OOMTRACE_ORIGIN_OTHER == 0);
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
static_assert(__NR_ia32_mmap == OOMTRACE_IA32_OLD_MMAP);
#endif

const u8 oomtrace_origins[OOMTRACE_SYSCALLS] = {
	[__NR_mmap]			= OOMTRACE_ORIGIN_MMAP,
	[__NR_brk]			= OOMTRACE_ORIGIN_BRK,
	[__NR_mprotect]			= OOMTRACE_ORIGIN_MPROTECT,
	[__NR_pkey_mprotect]		= OOMTRACE_ORIGIN_MPROTECT,
	[__NR_mremap]			= OOMTRACE_ORIGIN_MREMAP,
	[__NR_clone]			= OOMTRACE_ORIGIN_FORK,
	[__NR_clone3]			= OOMTRACE_ORIGIN_FORK,
#ifdef __NR_fork
	[__NR_fork]			= OOMTRACE_ORIGIN_FORK,
	[__NR_vfork]			= OOMTRACE_ORIGIN_FORK,
#endif
	[__NR_execve]			= OOMTRACE_ORIGIN_EXEC,
	[__NR_execveat]			= OOMTRACE_ORIGIN_EXEC,
	[__NR_ftruncate]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_truncate]			= OOMTRACE_ORIGIN_SHMEM,
	[__NR_fallocate]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_shmget]			= OOMTRACE_ORIGIN_SHMEM,
	[__NR_memfd_create]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_write]			= OOMTRACE_ORIGIN_SHMEM,
	[__NR_pwrite64]			= OOMTRACE_ORIGIN_SHMEM,
	[__NR_writev]			= OOMTRACE_ORIGIN_SHMEM,
	[__NR_swapoff]			= OOMTRACE_ORIGIN_SWAPOFF,
};

const u8 oomtrace_origins_ia32[OOMTRACE_SYSCALLS] = {
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
	[__NR_ia32_mmap]		= OOMTRACE_ORIGIN_MMAP,
	[__NR_ia32_mmap2]		= OOMTRACE_ORIGIN_MMAP,
	[__NR_ia32_brk]			= OOMTRACE_ORIGIN_BRK,
	[__NR_ia32_mprotect]		= OOMTRACE_ORIGIN_MPROTECT,
	[__NR_ia32_pkey_mprotect]	= OOMTRACE_ORIGIN_MPROTECT,
	[__NR_ia32_mremap]		= OOMTRACE_ORIGIN_MREMAP,
	[__NR_ia32_clone]		= OOMTRACE_ORIGIN_FORK,
	[__NR_ia32_clone3]		= OOMTRACE_ORIGIN_FORK,
	[__NR_ia32_fork]		= OOMTRACE_ORIGIN_FORK,
	[__NR_ia32_vfork]		= OOMTRACE_ORIGIN_FORK,
	[__NR_ia32_execve]		= OOMTRACE_ORIGIN_EXEC,
	[__NR_ia32_execveat]		= OOMTRACE_ORIGIN_EXEC,
	[__NR_ia32_ftruncate]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_ftruncate64]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_truncate]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_truncate64]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_fallocate]		= OOMTRACE_ORIGIN_SHMEM,
	/* Of the calls that ipc() multiplexes, only shmget() requests address space. */
	[__NR_ia32_ipc]			= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_shmget]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_memfd_create]	= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_write]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_pwrite64]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_writev]		= OOMTRACE_ORIGIN_SHMEM,
	[__NR_ia32_swapoff]		= OOMTRACE_ORIGIN_SWAPOFF,
#endif
};

/* Frames to search, those of the hook included. */
#define FAULT_FRAMES	32

static bool is_code_of(const struct oomtrace_code *code, unsigned long address)
{
	return address > code->start && address <= code->end;
}

/**
 * oomtrace_origin_of_fault() - tell which page fault of user space this is
 *
 * For handlers at the entry of a function that current has called in a page fault,
 * outside of any system call. The frames are those of the kernel, so nothing is
 * guessed: what is not among them is OOMTRACE_ORIGIN_OTHER.
 *
 * Return: enum oomtrace_origin.
 */
noinline u8 oomtrace_origin_of_fault(void)
{
	unsigned long frames[FAULT_FRAMES];
	unsigned int i, nr;

	if (current->flags & PF_KTHREAD)
		return OOMTRACE_ORIGIN_OTHER;
	nr = stack_trace_save(frames, FAULT_FRAMES, 0);
	for (i = 0; i < nr; i++) {
		if (is_code_of(&oomtrace_expand_downwards, frames[i]))
			return OOMTRACE_ORIGIN_STACK;
		if (is_code_of(&oomtrace_shmem_fault, frames[i]))
			return OOMTRACE_ORIGIN_FAULT;
	}
	return OOMTRACE_ORIGIN_OTHER;
}
