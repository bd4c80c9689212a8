// SPDX-License-Identifier: GPL-2.0
/*
 * Writes an entry as one line of JSON, for container logs, Loki and Elasticsearch.
 * A JSON library would allocate, and this must work while memory is out.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/utf8.h"
#include "entry.h"

/* Text that grows; what does not fit is cut. */
struct line {
	char *buf;
	size_t size, len;
};

static void put(struct line *l, const char *s, size_t n)
{
	if (n > l->size - 1 - l->len)
		n = l->size - 1 - l->len;
	memcpy(l->buf + l->len, s, n);
	l->len += n;
}

static void put_string(struct line *l, const char *s, size_t n)
{
	char clean[3 * ENTRY_TEXT + 1], hex[8];
	size_t len, i, control;

	oomtrace_utf8_clean(clean, sizeof(clean), s, n, &len);
	put(l, "\"", 1);
	for (i = 0; i < len; i++) {
		control = oomtrace_utf8_control(clean + i, len - i);
		/* The second byte of a C1 control is its code point. */
		if (control == 2)
			i++;
		if (control) {
			snprintf(hex, sizeof(hex), "\\u%04x",
				 (unsigned char)clean[i]);
			put(l, hex, 6);
			continue;
		}
		if (clean[i] == '"' || clean[i] == '\\')
			put(l, "\\", 1);
		put(l, clean + i, 1);
	}
	put(l, "\"", 1);
}

/* Only the journal needs these. */
static bool is_for_journal(const char *name)
{
	return !strncmp(name, "OBJECT_", 7) || !strncmp(name, "SYSLOG_", 7) ||
	       !strncmp(name, "DOCUMENTATION=", 14);
}

static void put_name(struct line *l, const char *name, size_t n)
{
	char c;

	if (!strncmp(name, "OOM_", 4)) {
		name += 4;
		n -= 4;
	}
	put(l, "\"", 1);
	while (n--) {
		c = tolower((unsigned char)*name++);
		put(l, &c, 1);
	}
	put(l, "\":", 2);
}

size_t entry_json(const struct entry *entry, char *buf, size_t size)
{
	struct line l = { .buf = buf, .size = size };
	const char *text, *value;
	size_t len;
	int i;

	put(&l, "{\"type\":\"oom\"", 13);
	for (i = 0; i < entry->n; i++) {
		text = entry->field[i].iov_base;
		if (is_for_journal(text))
			continue;
		len = entry->field[i].iov_len;
		value = memchr(text, '=', len) + 1;
		put(&l, ",", 1);
		put_name(&l, text, value - 1 - text);
		if (entry->numeric[i])
			put(&l, value, text + len - value);
		else
			put_string(&l, value, text + len - value);
	}
	put(&l, "}", 1);
	buf[l.len] = '\0';
	return l.len;
}

int entry_json_write(int fd, const struct entry *entry)
{
	static char line[ENTRY_JSON + 2] = "\n";
	static bool torn;	/* the last line has no newline */
	const char *from = line + !torn;
	size_t len = entry_json(entry, line + 1, ENTRY_JSON);
	ssize_t n;

	line[++len] = '\n';
	len = line + len + 1 - from;
	n = write(fd, from, len);
	if (n < 0)
		return -errno;
	if (n)
		torn = from[n - 1] != '\n';
	return n == (ssize_t)len ? 0 : -ENOSPC;
}
