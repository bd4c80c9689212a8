/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contents of a handle, private to the library.
 */
#ifndef OOMTRACE_HANDLE_H
#define OOMTRACE_HANDLE_H

#include <stdbool.h>

#include "../common/format.h"
#include "liboomtrace.h"

/* Bytes per read(2). The device returns whole records only. */
#define READ_SIZE	65536

struct mapped;
struct tally;

/**
 * struct oomtrace - a handle
 * @name: name of the open source, for messages; NULL if nothing is open.
 * @fd: file descriptor or -1; O_NONBLOCK if it is a device.
 * @is_device: a device is open, so more records may come later.
 * @read: source of the bytes.
 * @ctx: argument of @read.
 * @mapped: the mapped rings; NULL if records are read by @read.
 * @tallies: RING_IDS counters for each CPU from 0.
 * @cpus: number of CPUs in @tallies.
 * @error: message of the last failure.
 * @offset: position of @buf in the stream, bytes.
 * @at: offset in @buf of the next record to return.
 * @len: bytes in @buf.
 * @buf: bytes that were read.
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

/* Start of the message if the module lacks an ioctl. */
#define OLD_MODULE	"the module is too old to "

/**
 * handle_fail() - store the message of a failure
 *
 * Return: -err, for a return statement.
 */
__printf(3, 4)
int handle_fail(struct oomtrace *ot, int err, const char *fmt, ...);

/** handle_fail_errno() - handle_fail() with @what and the text of strerror() */
int handle_fail_errno(struct oomtrace *ot, int err, const char *what);

#endif /* OOMTRACE_HANDLE_H */
