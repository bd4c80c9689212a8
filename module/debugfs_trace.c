// SPDX-License-Identifier: GPL-2.0
/*
 * The files trace and trace_pipe: records as lines of text.
 *
 * Each open file has its own position, and reading does not consume records.
 * trace ends at the newest record of the moment it was opened; trace_pipe waits
 * for more. Unlike in tracefs, two readers of trace_pipe each get every line.
 *
 * Everything here runs in process context. The files have no ioctl and no mmap,
 * so they stay readable under lockdown. The tools share the code that formats
 * records.
 */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "common/format.h"
#include "debugfs_trace.h"
#include "ring/reader.h"
#include "ring/wakeup.h"
#include "stream.h"

/* ---- trace ---- */

/**
 * struct trace_iter - one open file of trace
 * @reader: stops at the newest record of the moment the file was opened.
 * @pos: line number of the record in @buf, from 1; 0: none read yet.
 * @size: size of the record in @buf, bytes; 0: there are no more records.
 * @line: buffer for the line; too large for the stack.
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
 * seq_file requests a line again if its buffer was too small. So @buf keeps the
 * record of the last line. Line 0 is the header.
 */
static void *trace_at(struct trace_iter *it, loff_t pos)
{
	if (pos == 0) {
		/* A seek back to 0: start again at the oldest record. */
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
		seq_puts(m, "# oomtrace: all buffered records, oldest first; reading does not consume them\n"
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
 * struct trace_pipe - one open file of trace_pipe
 * @stream: the records; its lock guards the other members as well.
 * @at: offset of the first unread byte in @line.
 * @len: bytes in @line.
 * @line: the line that is copied to user space.
 */
struct trace_pipe {
	struct oomtrace_stream stream;
	size_t at;
	size_t len;
	char line[OOMTRACE_LINE_MAX];
};

static int pipe_open(struct inode *inode, struct file *file)
{
	/* oomtrace_stream_release() frees the stream, and everything with it. */
	static_assert(offsetof(struct trace_pipe, stream) == 0);
	int ret = oomtrace_stream_open(file, sizeof(struct trace_pipe));

	return ret ?: nonseekable_open(inode, file);
}

/* Format the next record if @line has no unread text. False: no record. */
static bool fill_pipe_line(struct trace_pipe *tp)
{
	struct oomtrace_stream *s = &tp->stream;

	if (tp->at < tp->len)
		return true;
	if (!oomtrace_reader_next(&s->reader, s->buf))
		return false;
	tp->at = 0;
	tp->len = oomtrace_format(tp->line, sizeof(tp->line), s->buf);
	return true;
}

/*
 * Copy as much text as is available and fits. The next read continues with the
 * first byte that did not fit or could not be copied.
 */
static ssize_t copy_lines(struct oomtrace_stream *s, char __user *ubuf,
			  size_t len)
{
	struct trace_pipe *tp = container_of(s, struct trace_pipe, stream);
	size_t done = 0, n;

	while (done < len && fill_pipe_line(tp)) {
		n = min(len - done, tp->len - tp->at);
		n -= copy_to_user(ubuf + done, tp->line + tp->at, n);
		if (!n)
			return done ? done : -EFAULT;
		tp->at += n;
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
	struct trace_pipe *tp = file->private_data;

	if (!len)
		return 0;
	return oomtrace_stream_read(&tp->stream, file, ubuf, len, copy_lines);
}

static __poll_t pipe_poll(struct file *file, poll_table *wait)
{
	struct trace_pipe *tp = file->private_data;

	poll_wait(file, oomtrace_ring_wait(), wait);
	/* Lockless: a concurrent read may change both, and the answer with it. */
	if (READ_ONCE(tp->at) < READ_ONCE(tp->len) ||
	    oomtrace_reader_arm(&tp->stream.reader))
		return EPOLLIN | EPOLLRDNORM;
	return 0;
}

const struct file_operations oomtrace_trace_pipe_fops = {
	.owner		= THIS_MODULE,
	.open		= pipe_open,
	.release	= oomtrace_stream_release,
	.read		= pipe_read,
	.poll		= pipe_poll,
	.llseek		= noop_llseek,
};
