// SPDX-License-Identifier: GPL-2.0
/*
 * Reading records from a file that goes on: a read gets what there is, and waits
 * if there is nothing. Process context; may sleep.
 */
#include <linux/sched/signal.h>

#include "ring/wakeup.h"
#include "stream.h"

/**
 * oomtrace_stream_init() - a stream of both rings, from the oldest record on
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
 * oomtrace_stream_destroy() - the file is closed
 * @s: the stream; its memory is the caller's.
 */
void oomtrace_stream_destroy(struct oomtrace_stream *s)
{
	oomtrace_reader_free(&s->reader);
	mutex_destroy(&s->lock);
}

/**
 * oomtrace_stream_read() - read what there is, or wait for it
 * @s: the stream.
 * @file: the open file; O_NONBLOCK is obeyed.
 * @ubuf: where to.
 * @len: its size.
 * @copy: copies records, in whatever form the file has.
 *
 * Return: bytes copied, or what @copy failed with; -EAGAIN, -ERESTARTSYS.
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
