/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records read from /dev/oomtrace, or from a file in which they were saved as
 * they came: opening, position, waiting, and one record after the other.
 *
 * Knows nothing of what records mean and prints nothing: when a function fails,
 * struct oomtrace_device's @error says why in words. A caller can use one
 * struct in one thread; it may have many of them.
 */
#ifndef OOMTRACE_DEVICE_H
#define OOMTRACE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "../include/oomtrace.h"

#define OOMTRACE_DEVICE_PATH	"/dev/oomtrace"

/* A read of the device gives whole records, as many as fit in here. */
#define OOMTRACE_READ_SIZE	65536

/**
 * struct oomtrace_device - an open source of records
 * @path: as given to oomtrace_open(); the caller keeps the string.
 * @fd: file descriptor; a device's is O_NONBLOCK.
 * @is_file: saved records, perhaps through a pipe: no info, and they end.
 * @error: what failed last, a sentence without a newline.
 */
struct oomtrace_device {
	const char *path;
	int fd;
	bool is_file;
	char error[256];
	/* private: */
	size_t at;			/* first byte not given out yet */
	size_t len;			/* bytes in buf */
	unsigned long long offset;	/* of buf in the stream */
	unsigned char buf[OOMTRACE_READ_SIZE] __attribute__((aligned(8)));
};

/**
 * oomtrace_open() - open a source of records, at the oldest one held
 * @d: needs no preparation; oomtrace_close() it only if this succeeds.
 * @path: a device or a file.
 *
 * A device whose records this build would misread is refused.
 *
 * Return: 0 or a negative errno.
 */
int oomtrace_open(struct oomtrace_device *d, const char *path);

/** oomtrace_close() - close it */
void oomtrace_close(struct oomtrace_device *d);

/**
 * oomtrace_info() - ask the module about itself
 * @d: a device, not a file.
 * @info: out.
 *
 * Return: 0 or a negative errno.
 */
int oomtrace_info(struct oomtrace_device *d, struct oomtrace_info *info);

/**
 * oomtrace_skip_to_end() - read only what is written from now on
 * @d: a device; a file stays where it is.
 *
 * Return: 0 or a negative errno.
 */
int oomtrace_skip_to_end(struct oomtrace_device *d);

/**
 * oomtrace_next() - the next record
 * @d: the source.
 * @rec: out: the record, complete and 8-byte aligned; gone at the next call.
 *
 * Return: 1 if there is one; 0 at the end of a file, or if the device has none
 * for now; a negative errno: -EBADMSG if the stream is damaged, -EINTR if a
 * signal came first.
 */
int oomtrace_next(struct oomtrace_device *d,
		  const struct oomtrace_header **rec);

/**
 * oomtrace_wait() - wait until oomtrace_next() is worth a call
 * @d: the source.
 * @wake_fd: a descriptor that ends the wait when it can be read; -1 for none.
 *
 * Return: 0 or a negative errno; -EINTR if a signal came.
 */
int oomtrace_wait(struct oomtrace_device *d, int wake_fd);

#endif /* OOMTRACE_DEVICE_H */
