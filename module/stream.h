/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An open file that delivers records and waits for more.
 */
#ifndef OOMTRACE_STREAM_H
#define OOMTRACE_STREAM_H

#include <linux/fs.h>
#include <linux/mutex.h>

#include "ring/reader.h"

/* Bytes that are copied to user space at a time. */
#define OOMTRACE_STREAM_BYTES	4096
static_assert(OOMTRACE_STREAM_BYTES >= OOMTRACE_MAX_RECORD);

/**
 * struct oomtrace_stream - one open file that delivers records
 * @lock: guards the position of @reader, and @buf; not held while a read waits
 *	for a record.
 * @reader: the position.
 * @buf: records on their way to user space, OOMTRACE_STREAM_BYTES. On its own, so
 *	that the struct stays small.
 */
struct oomtrace_stream {
	struct mutex lock;	/* see above */
	struct oomtrace_reader reader;
	void *buf;
};

/*
 * Copies the available records that fit to user space, with @lock held. Returns
 * the number of bytes, 0 if no record is available, or an error.
 */
typedef ssize_t (*oomtrace_stream_copy)(struct oomtrace_stream *s,
					char __user *ubuf, size_t len);

int oomtrace_stream_open(struct file *file, size_t size);
int oomtrace_stream_release(struct inode *inode, struct file *file);
ssize_t oomtrace_stream_read(struct oomtrace_stream *s, struct file *file,
			     char __user *ubuf, size_t len,
			     oomtrace_stream_copy copy);

#endif /* OOMTRACE_STREAM_H */
