/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Types and functions that code for both the module and the tools may use, from
 * the kernel's headers or from those of user space.
 *
 * Such code is compiled twice and may use only what this header provides:
 * fixed-width types, memcpy(), strnlen(), scnprintf(), static_assert(),
 * ARRAY_SIZE(). Functions that allocate, sleep, lock or do I/O do not belong
 * here.
 */
#ifndef OOMTRACE_SHIM_H
#define OOMTRACE_SHIM_H

#ifdef __KERNEL__

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#else /* user space */

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <linux/types.h>

/* As in the kernel: %lld and %llu print them on every architecture. */
typedef long long s64;
typedef unsigned long long u64;
typedef __s32 s32;
typedef __u32 u32;
typedef __s16 s16;
typedef __u16 u16;
typedef __s8 s8;
typedef __u8 u8;

#define static_assert(expr)	_Static_assert(expr, #expr)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#ifndef __printf
#define __printf(fmt, args)	__attribute__((format(printf, fmt, args)))
#endif

/* Like vsnprintf(), but returns the number of bytes stored, without the NUL. */
static inline __printf(3, 0)
int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n;

	if (!size)
		return 0;
	n = vsnprintf(buf, size, fmt, args);
	if (n < 0) {
		buf[0] = '\0';
		return 0;
	}
	return (size_t)n < size ? n : (int)size - 1;
}

static inline __printf(3, 4)
int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

#endif /* __KERNEL__ */

#endif /* OOMTRACE_SHIM_H */
