/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is inside a handle, for the files of the library only.
 */
#ifndef OOMTRACE_HANDLE_H
#define OOMTRACE_HANDLE_H

#include <stdbool.h>

#include "../common/format.h"
#include "liboomtrace.h"

/* A read of the device gives whole records, as many as fit in here. */
#define READ_SIZE	65536

struct mapped;
struct tally;

/**
 * struct oomtrace - a handle
 * @name: of what is open, for messages; NULL: nothing is.
 * @fd: file descriptor, -1 if there is none; a device's is O_NONBLOCK.
 * @is_device: there may be more later.
 * @read: where bytes come from.
 * @ctx: given to @read.
 * @mapped: the mapped rings; NULL: records are read by @read.
 * @tallies: RING_IDS of them for each CPU from 0.
 * @cpus: CPUs in @tallies.
 * @error: what failed last.
 * @offset: of @buf in the stream.
 * @at: first byte of @buf not given out yet.
 * @len: bytes in @buf.
 * @buf: what was read.
 */
struct oomtrace {
	char *name;
	int fd;
	bool is_device;
	oomtrace_read_fn read;
	void *ctx;
	struct mapped *mapped;
	struct tally *tallies;
	unsigned int cpus;
	char error[256];
	u64 offset;
	size_t at;
	size_t len;
	unsigned char buf[READ_SIZE] __attribute__((aligned(8)));
};

/* What a library says that asks more of the module than this one can do. */
#define OLD_MODULE	"the module is older than this library, and too old to "

/**
 * handle_fail() - note down why something failed
 *
 * Return: -err, for a return statement.
 */
__printf(3, 4)
int handle_fail(struct oomtrace *ot, int err, const char *fmt, ...);

/** handle_fail_errno() - the same, with the C library's words for an errno */
int handle_fail_errno(struct oomtrace *ot, int err, const char *what);

#endif /* OOMTRACE_HANDLE_H */
