// SPDX-License-Identifier: GPL-2.0
/*
 * Records as lines of text: the files trace and trace_pipe.
 *
 * Both read as everybody reads: each open file is a reader with a position of
 * its own, and takes nothing away from any other. trace ends with what was held
 * when it was opened; trace_pipe goes on, and waits for more. That is where it
 * differs from the file of that name in tracefs, whose readers share what there
 * is: two of ours get the same lines each.
 *
 * The text is made in common/format.c, the same for the tools. Process context
 * only. No ioctl and no mmap: lockdown leaves the files readable.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "common/format.h"
#include "ring/reader.h"
#include "debugfs_trace.h"

/* ---- trace ---- */

/**
 * struct trace_iter - one open of the trace file
 * @reader: stops at what was held when the file was opened.
 * @pos: which line @buf is, from 1; 0: none read yet.
 * @size: its record's size; 0: there are no more.
 * @line: room for the line; too large for the stack.
 * @buf: the record.
 */
struct trace_iter {
	struct oomtrace_reader reader;
	loff_t pos;
	unsigned int size;
	char line[OOMTRACE_LINE_MAX];
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
};

/*
 * seq_file asks for a line again if it did not fit, and for the next one
 * otherwise: the record of the last answer is kept. Line 0 is the header.
 */
static void *trace_at(struct trace_iter *it, loff_t pos)
{
	if (pos == 0) {
		/* Read before, and sought back: once more from the start. */
		if (it->pos)
			oomtrace_reader_oldest(&it->reader);
		it->pos = 0;
		return SEQ_START_TOKEN;
	}
	if (pos != it->pos) {
		it->size = oomtrace_reader_next(&it->reader, it->buf);
		it->pos = pos;
	}
	return it->size ? it : NULL;
}

static void *trace_start(struct seq_file *m, loff_t *pos)
{
	return trace_at(m->private, *pos);
}

static void *trace_next(struct seq_file *m, void *v, loff_t *pos)
{
	return trace_at(m->private, ++*pos);
}

static void trace_stop(struct seq_file *m, void *v)
{
}

static int trace_show(struct seq_file *m, void *v)
{
	struct trace_iter *it = m->private;

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "# oomtrace: records held, oldest first; reading takes nothing away\n"
			    "# seconds.micros [cpu] type: field=value...   value~ derived\n");
		return 0;
	}
	oomtrace_format(it->line, sizeof(it->line), (void *)it->buf);
	seq_puts(m, it->line);
	return 0;
}

static const struct seq_operations trace_sops = {
	.start	= trace_start,
	.next	= trace_next,
	.stop	= trace_stop,
	.show	= trace_show,
};

static int trace_open(struct inode *inode, struct file *file)
{
	struct trace_iter *it;
	int ret;

	it = __seq_open_private(file, &trace_sops, sizeof(*it));
	if (!it)
		return -ENOMEM;
	ret = oomtrace_reader_init(&it->reader,
				   GENMASK(OOMTRACE_RINGS - 1, 0), true);
	if (ret)
		seq_release_private(inode, file);
	return ret;
}

static int trace_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct trace_iter *it = m->private;

	oomtrace_reader_free(&it->reader);
	return seq_release_private(inode, file);
}

const struct file_operations oomtrace_trace_fops = {
	.owner		= THIS_MODULE,
	.open		= trace_open,
	.release	= trace_release,
	.read		= seq_read,
	.llseek		= no_seek_end_llseek,
};

/* ---- trace_pipe ---- */

/**
 * struct pipe_iter - one open of the trace_pipe file
 * @lock: guards all below: one read at a time.
 * @reader: the position.
 * @at: first byte of @line that was not read yet.
 * @len: bytes in @line.
 * @line: the line on its way to user space.
 * @buf: its record.
 */
struct pipe_iter {
	struct mutex lock;	/* see above */
	struct oomtrace_reader reader;
	size_t at;
	size_t len;
	char line[OOMTRACE_LINE_MAX];
	u64 buf[OOMTRACE_MAX_RECORD / sizeof(u64)];
};

static int pipe_open(struct inode *inode, struct file *file)
{
	struct pipe_iter *it;
	int ret;

	it = kzalloc(sizeof(*it), GFP_KERNEL_ACCOUNT);
	if (!it)
		return -ENOMEM;
	ret = oomtrace_reader_init(&it->reader,
				   GENMASK(OOMTRACE_RINGS - 1, 0), false);
	if (ret) {
		kfree(it);
		return ret;
	}
	mutex_init(&it->lock);
	file->private_data = it;
	return nonseekable_open(inode, file);
}

static int pipe_release(struct inode *inode, struct file *file)
{
	struct pipe_iter *it = file->private_data;

	oomtrace_reader_free(&it->reader);
	mutex_destroy(&it->lock);
	kfree(it);
	return 0;
}

/* Is there a line, or the rest of one? If not, make the next record's. */
static bool pipe_fill(struct pipe_iter *it)
{
	if (it->at < it->len)
		return true;
	if (!oomtrace_reader_next(&it->reader, it->buf))
		return false;
	it->at = 0;
	it->len = oomtrace_format(it->line, sizeof(it->line), (void *)it->buf);
	return true;
}

/*
 * As much as there is and fits; a line that does not fit goes on with the next
 * read. What could not be copied was not read.
 */
static ssize_t pipe_lines(struct pipe_iter *it, char __user *ubuf, size_t len)
{
	size_t done = 0, n;

	while (done < len && pipe_fill(it)) {
		n = min(len - done, it->len - it->at);
		n -= copy_to_user(ubuf + done, it->line + it->at, n);
		if (!n)
			return done ? done : -EFAULT;
		it->at += n;
		done += n;
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done;
}

static ssize_t pipe_read(struct file *file, char __user *ubuf, size_t len,
			 loff_t *ppos)
{
	struct pipe_iter *it = file->private_data;
	ssize_t ret;

	if (!len)
		return 0;
	for (;;) {
		if (mutex_lock_interruptible(&it->lock))
			return -ERESTARTSYS;
		ret = pipe_lines(it, ubuf, len);
		mutex_unlock(&it->lock);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(*oomtrace_ring_wait(),
					       oomtrace_reader_arm(&it->reader));
		if (ret)
			return ret;
	}
}

static __poll_t pipe_poll(struct file *file, poll_table *wait)
{
	struct pipe_iter *it = file->private_data;

	poll_wait(file, oomtrace_ring_wait(), wait);
	if (READ_ONCE(it->at) < READ_ONCE(it->len) ||
	    oomtrace_reader_arm(&it->reader))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

const struct file_operations oomtrace_trace_pipe_fops = {
	.owner		= THIS_MODULE,
	.open		= pipe_open,
	.release	= pipe_release,
	.read		= pipe_read,
	.poll		= pipe_poll,
	.llseek		= noop_llseek,
};
