// SPDX-License-Identifier: GPL-2.0
/*
 * Blocking reads of records: a read returns what is available, and waits if there
 * is nothing. Process context; may sleep.
 */
#include <linux/sched/signal.h>

#include "ring/wakeup.h"
#include "stream.h"

/**
 * oomtrace_stream_init() - start reading all rings at the oldest record
 * @s: the stream.
 *
 * Return: 0 or -ENOMEM.
 */
int oomtrace_stream_init(struct oomtrace_stream *s)
{
	mutex_init(&s->lock);
	return oomtrace_reader_init(&s->reader, GENMASK(OOMTRACE_RINGS - 1, 0),
				    false);
}

/**
 * oomtrace_stream_destroy() - release what a stream has allocated
 * @s: the stream, which the caller frees.
 */
void oomtrace_stream_destroy(struct oomtrace_stream *s)
{
	oomtrace_reader_free(&s->reader);
	mutex_destroy(&s->lock);
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
