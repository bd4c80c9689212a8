// SPDX-License-Identifier: GPL-2.0
/*
 * Open files that deliver records: a read returns what is available, and waits if
 * there is nothing. Process context; may sleep.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "ring/wakeup.h"
#include "stream.h"

/**
 * oomtrace_stream_open() - start reading all rings at the oldest record
 * @file: the open file; its private data is the stream.
 * @size: bytes of the struct that begins with the stream, zeroed.
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_stream_open(struct file *file, size_t size)
{
	struct oomtrace_stream *s;
	int ret = -ENOMEM;

	s = kzalloc(size, GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->buf = kmalloc(OOMTRACE_STREAM_BYTES, GFP_KERNEL_ACCOUNT);
	if (s->buf)
		ret = oomtrace_reader_init(&s->reader,
					   GENMASK(OOMTRACE_RINGS - 1, 0), false);
	if (ret) {
		kfree(s->buf);
		kfree(s);
		return ret;
	}
	mutex_init(&s->lock);
	file->private_data = s;
	return 0;
}

/**
 * oomtrace_stream_release() - free what oomtrace_stream_open() allocated
 * @inode: unused.
 * @file: the open file.
 *
 * Return: 0, as the file operation wants it.
 */
int oomtrace_stream_release(struct inode *inode, struct file *file)
{
	struct oomtrace_stream *s = file->private_data;

	oomtrace_reader_free(&s->reader);
	mutex_destroy(&s->lock);
	kfree(s->buf);
	kfree(s);
	return 0;
}

/**
 * oomtrace_stream_read() - read the available records, or wait for one
 * @s: the stream.
 * @file: the open file, for its O_NONBLOCK.
 * @ubuf: the destination.
 * @len: its size, bytes.
 * @copy: copies records in the file's format.
 *
 * Return: bytes copied, the error of @copy, -EAGAIN if there is nothing and
 * O_NONBLOCK is set, or -ERESTARTSYS on a signal.
 */
ssize_t oomtrace_stream_read(struct oomtrace_stream *s, struct file *file,
			     char __user *ubuf, size_t len,
			     oomtrace_stream_copy copy)
{
	ssize_t ret;

	for (;;) {
		if (mutex_lock_interruptible(&s->lock))
			return -ERESTARTSYS;
		ret = copy(s, ubuf, len);
		mutex_unlock(&s->lock);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(*oomtrace_ring_wait(),
					       oomtrace_reader_arm(&s->reader));
		if (ret)
			return ret;
	}
}
