/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls of a 32-bit program, made by a 64-bit one. Where the kernel has them,
 * ia32_call(IA32_GETPID, 0, 0, 0, 0, 0) is the pid.
 */
#ifndef LIB_IA32_H
#define LIB_IA32_H

#define IA32_GETPID	20
#define IA32_IPC	117
#define IA32_MPROTECT	125
#define IA32_MLOCK	150
#define IA32_MMAP2	192
#define IA32_MADVISE	219

/* The sixth argument, of mmap2 the file offset, is in the frame pointer: any value. */
static inline long ia32_call(long nr, long b, long c, long d, long s, long di)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(b), "c"(c), "d"(d), "S"(s), "D"(di)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

#endif /* LIB_IA32_H */
