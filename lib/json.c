// SPDX-License-Identifier: GPL-2.0
/*
 * Records as JSON. Fields and their names come from the tables that describe the
 * records; no record type is treated specially.
 *
 * No JSON library is used: it would allocate, and a program that must work while
 * memory is out could fail half way. Numbers are exact 64-bit integers, and an
 * enumeration's value is its name if it has one.
 */
#include "../common/format.h"
#include "liboomtrace.h"
#include "sink.h"
#include "utf8.h"

static __printf(2, 3)
void put_format(struct sink *to, const char *fmt, ...)
{
	char text[64];
	va_list args;

	va_start(args, fmt);
	sink_put(to, text, vscnprintf(text, sizeof(text), fmt, args));
	va_end(args);
}

static void put_json_escape(struct sink *to, char c)
{
	static const char shorts[] = "\b\f\n\r\t\"\\";
	const char *at = strchr(shorts, c);

	if (c && at)
		put_format(to, "\\%c", "bfnrt\"\\"[at - shorts]);
	else
		put_format(to, "\\u%04x", (unsigned char)c);
}

/* @s is valid UTF-8. Terminal control characters are escaped as well. */
static bool is_plain(const char *s, size_t n)
{
	return *s != '"' && *s != '\\' && !oomtrace_utf8_control(s, n);
}

static void put_json_escaped(struct sink *to, const char *s, size_t n)
{
	size_t i = 0, from;

	while (i < n) {
		for (from = i; i < n && is_plain(s + i, n - i); i++)
			;
		sink_put(to, s + from, i - from);
		if (i == n)
			break;
		/* The second byte of a C1 control is its code point. */
		i += oomtrace_utf8_control(s + i, n - i) == 2;
		put_json_escape(to, s[i++]);
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
	put_format(to, ",\"%s\":\"", f->name);
	put_json_escaped(to, text, len);
	put_format(to, "\"");
	if (valid)
		return;
	put_format(to, ",\"%s_hex\":\"", f->name);
	for (i = 0; i < n; i++)
		put_format(to, "%02x", (unsigned char)s[i]);
	put_format(to, "\"");
}

static void put_field(struct sink *to, const struct oomtrace_header *rec,
		      const struct oomtrace_field *f)
{
	s64 n = oomtrace_field_int(rec, f);
	const char *name = oomtrace_field_name(f, n);

	if (f->kind == OOMTRACE_KIND_STR)
		put_string(to, rec, f);
	else if (name)
		put_format(to, ",\"%s\":\"%s\"", f->name, name);
	else if (f->kind == OOMTRACE_KIND_INT)
		put_format(to, ",\"%s\":%lld", f->name, n);
	else
		put_format(to, ",\"%s\":%llu", f->name, (u64)n);
}

static void put_fields(struct sink *to, const struct oomtrace_header *rec,
		       const struct oomtrace_type_desc *desc)
{
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < desc->nfields; i++)
		if (oomtrace_field_valid(rec, i))
			put_field(to, rec, &desc->fields[i]);
	put_format(to, ",\"derived\":[");
	for (i = 0; i < desc->nfields; i++) {
		if (!oomtrace_field_derived(rec, i))
			continue;
		put_format(to, "%s\"%s\"", comma, desc->fields[i].name);
		comma = ",";
	}
	put_format(to, "]");
}

static void put_record(struct sink *to, const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);

	if (desc)
		put_format(to, "{\"type\":\"%s\"", desc->name);
	else
		put_format(to, "{\"type\":\"type-%u\"", rec->type);
	put_format(to, ",\"seq\":%llu,\"cpu\":%u,\"ts_ns\":%llu", (u64)rec->seq,
		   rec->cpu, (u64)rec->ts_ns);
	if (desc)
		put_fields(to, rec, desc);
	else
		put_format(to, ",\"size\":%u", rec->size);
	put_format(to, "}");
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
