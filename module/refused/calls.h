/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system calls whose refusals are recorded.
 */
#ifndef OOMTRACE_CALLS_H
#define OOMTRACE_CALLS_H

#include <linux/types.h>

#include "include/oomtrace.h"

/*
 * C(HOOK, call, "symbol", "fallback"): the functions that answer system calls. Each
 * runs after seccomp, so an answer of a seccomp filter is not seen as the kernel's.
 * Where the symbol is missing, a fallback of one system call answers 64-bit programs
 * only, and none of its newer variants.
 */
#define OOMTRACE_REFUSED_CALLS(C)						\
	C(MMAP, MMAP, "ksys_mmap_pgoff", NULL)					\
	C(BRK, BRK, "__do_sys_brk", OOMTRACE_SYS("brk"))			\
	C(MREMAP, MREMAP, "__do_sys_mremap", OOMTRACE_SYS("mremap"))		\
	C(MPROTECT, MPROTECT, "do_mprotect_pkey", OOMTRACE_SYS("mprotect"))	\
	C(MUNMAP, MUNMAP, "__vm_munmap", OOMTRACE_SYS("munmap"))		\
	C(MLOCK, MLOCK, "do_mlock", OOMTRACE_SYS("mlock"))			\
	C(MLOCKALL, MLOCKALL, "__do_sys_mlockall", OOMTRACE_SYS("mlockall"))	\
	C(SHMGET, SHMGET, "ipcget", NULL)					\
	C(SHMAT, SHMAT, "do_shmat", NULL)					\
	C(MADVISE, MADVISE, "do_madvise.part.0", "do_madvise")			\
	C(FORK, FORK, "kernel_clone", NULL)					\
	C(EXEC, EXEC, "do_execveat_common.isra.0", "do_execveat_common")	\
	C(IO_URING, IO_URING, "io_uring_setup", OOMTRACE_SYS("io_uring_setup"))	\
	C(IO_URING_REGISTER, IO_URING, OOMTRACE_SYS("io_uring_register"), NULL)	\
	C(BPF, BPF, "__sys_bpf", OOMTRACE_SYS("bpf"))				\
	C(MODULE, MODULE, "load_module", NULL)

#if defined(CONFIG_X86_64)
#define OOMTRACE_SYS(name)	"__x64_sys_" name
#elif defined(CONFIG_ARM64)
#define OOMTRACE_SYS(name)	"__arm64_sys_" name
#else
#define OOMTRACE_SYS(name)	"sys_" name
#endif

/**
 * struct oomtrace_call_args - the system call that current is in
 * @call: enum oomtrace_call; OOMTRACE_CALL_OTHER if its refusals are not recorded.
 * @known: @arg is known.
 * @arg: its arguments.
 */
struct oomtrace_call_args {
	u8 call;
	bool known;
	unsigned long arg[6];
};

void oomtrace_call_of_current(struct oomtrace_call_args *c);

#endif /* OOMTRACE_CALLS_H */
