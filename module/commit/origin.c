// SPDX-License-Identifier: GPL-2.0
/*
 * The system calls that request address space, by number.
 *
 * There are two tables, since the system calls of a 32-bit program have other
 * numbers than those of a 64-bit program.
 */
#include <asm/unistd.h>
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
#include <asm/unistd_32_ia32.h>
#endif

#include "commit/origin.h"

static_assert(OOMTRACE_ORIGIN_OTHER == 0);

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
#endif
};
