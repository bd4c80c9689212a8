/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The destination of a record's text: a buffer, which truncates like snprintf(),
 * or a stream.
 */
#ifndef OOMTRACE_SINK_H
#define OOMTRACE_SINK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

/**
 * struct sink - destination of text
 * @buf: the buffer; not used if @file is set.
 * @size: bytes of @buf.
 * @len: bytes put so far, including those that did not fit.
 * @file: the stream, which the caller has locked.
 * @err: 0, or the negative errno of the first write that failed.
 */
struct sink {
	char *buf;
	size_t size;
	size_t len;
	FILE *file;
	int err;
};

static inline void sink_put(struct sink *to, const char *text, size_t n)
{
	if (to->file) {
		errno = 0;
		if (!to->err && fwrite_unlocked(text, 1, n, to->file) != n)
			to->err = errno ? -errno : -EIO;
		return;
	}
	if (to->len < to->size)
		memcpy(to->buf + to->len, text,
		       n < to->size - to->len ? n : to->size - to->len);
	to->len += n;
}

/* Terminate the buffer. Returns the length without truncation. */
static inline int sink_end(struct sink *to)
{
	if (to->size)
		to->buf[to->len < to->size ? to->len : to->size - 1] = '\0';
	return to->len;
}

#endif /* OOMTRACE_SINK_H */
