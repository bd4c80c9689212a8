// SPDX-License-Identifier: GPL-2.0
/*
 * Records as JSON, see liboomtrace.h. Which fields there are and what they are
 * called comes from common/format.h: nothing here knows a record type by name.
 *
 * Written by hand and not by a JSON library: an object of a dozen members has
 * no need of one, nothing is allocated, and so nothing can fail half way in a
 * program that has to go on when memory is out. Numbers are exact 64-bit
 * integers, enumerations their names, unless a value has none.
 */
#include "../common/format.h"
#include "liboomtrace.h"
#include "sink.h"
#include "utf8.h"

static __printf(2, 3)
void put(struct sink *to, const char *fmt, ...)
{
	char text[64];
	va_list args;

	va_start(args, fmt);
	sink_put(to, text, vscnprintf(text, sizeof(text), fmt, args));
	va_end(args);
}

static void put_escape(struct sink *to, char c)
{
	static const char shorts[] = "\b\f\n\r\t\"\\";
	const char *at = strchr(shorts, c);

	if (c && at)
		put(to, "\\%c", "bfnrt\"\\"[at - shorts]);
	else
		put(to, "\\u%04x", (unsigned char)c);
}

/* @s is valid UTF-8. What a terminal would obey is escaped as well. */
static bool plain(const char *s, size_t n)
{
	return *s != '"' && *s != '\\' && !oomtrace_utf8_control(s, n);
}

static void put_escaped(struct sink *to, const char *s, size_t n)
{
	size_t i = 0, from;

	while (i < n) {
		for (from = i; i < n && plain(s + i, n - i); i++)
			;
		sink_put(to, s + from, i - from);
		if (i == n)
			break;
		/* The second byte of one of two is its number. */
		i += oomtrace_utf8_control(s + i, n - i) == 2;
		put_escape(to, s[i++]);
	}
}

static void put_string(struct sink *to, const struct oomtrace_header *rec,
		       const struct oomtrace_field *f)
{
	char text[3 * OOMTRACE_STR_MAX + 1];
	size_t n, len, i;
	const char *s;
	bool valid;

	s = oomtrace_field_str(rec, f, &n);
	valid = oomtrace_utf8_clean(text, sizeof(text), s, n, &len);
	put(to, ",\"%s\":\"", f->name);
	put_escaped(to, text, len);
	put(to, "\"");
	if (valid)
		return;
	put(to, ",\"%s_hex\":\"", f->name);
	for (i = 0; i < n; i++)
		put(to, "%02x", (unsigned char)s[i]);
	put(to, "\"");
}

static void put_field(struct sink *to, const struct oomtrace_header *rec,
		      const struct oomtrace_field *f)
{
	s64 n = oomtrace_field_int(rec, f);
	const char *name = oomtrace_field_name(f, n);

	if (f->kind == OOMTRACE_KIND_STR)
		put_string(to, rec, f);
	else if (name)
		put(to, ",\"%s\":\"%s\"", f->name, name);
	else if (f->kind == OOMTRACE_KIND_INT)
		put(to, ",\"%s\":%lld", f->name, n);
	else
		put(to, ",\"%s\":%llu", f->name, (u64)n);
}

static void put_fields(struct sink *to, const struct oomtrace_header *rec,
		       const struct oomtrace_type_desc *desc)
{
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < desc->nfields; i++)
		if (oomtrace_field_valid(rec, i))
			put_field(to, rec, &desc->fields[i]);
	put(to, ",\"derived\":[");
	for (i = 0; i < desc->nfields; i++) {
		if (!oomtrace_field_derived(rec, i))
			continue;
		put(to, "%s\"%s\"", comma, desc->fields[i].name);
		comma = ",";
	}
	put(to, "]");
}

static void put_record(struct sink *to, const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);

	if (desc)
		put(to, "{\"type\":\"%s\"", desc->name);
	else
		put(to, "{\"type\":\"type-%u\"", rec->type);
	put(to, ",\"seq\":%llu,\"cpu\":%u,\"ts_ns\":%llu", (u64)rec->seq,
	    rec->cpu, (u64)rec->ts_ns);
	if (desc)
		put_fields(to, rec, desc);
	else
		put(to, ",\"size\":%u", rec->size);
	put(to, "}");
}

int oomtrace_json(const struct oomtrace_header *rec, char *buf, size_t size)
{
	struct sink to = { .buf = buf, .size = size };

	put_record(&to, rec);
	return sink_end(&to);
}

int oomtrace_print_json(const struct oomtrace_header *rec, FILE *file)
{
	struct sink to = { .file = file };

	flockfile(file);
	put_record(&to, rec);
	sink_put(&to, "\n", 1);
	funlockfile(file);
	return to.err;
}
