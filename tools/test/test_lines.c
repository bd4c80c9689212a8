// SPDX-License-Identifier: GPL-2.0
/*
 * Compares the lines of text with those of a formatter made of snprintf(), byte
 * by byte: for records of each type with random contents, and for lines that are
 * cut at each length. The formatter here is the specification of a line: change
 * both only if the format is to change. Also formats the records in records/ and
 * compares the lines with those that the module's file trace had for them.
 */
#include <liboomtrace.h>
#include <stdlib.h>

#include "test_lines.h"
#include "test_util.h"

#define RECORDS		100000
#define CUTS		50

static u64 state = 20261129;

static u64 rnd(void)
{
	u64 z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* ---- the specification ---- */

struct spec {
	char text[2 * OOMTRACE_LINE_MAX];
	size_t len;
	size_t room;
};

static __printf(2, 3) void add(struct spec *s, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	s->len += vscnprintf(s->text + s->len, s->room - s->len + 1, fmt, args);
	va_end(args);
}

/* An escape is never cut. */
static void add_string(struct spec *s, const char *str, size_t n)
{
	char esc[8];
	size_t i;

	add(s, "\"");
	for (i = 0; i < n && str[i]; i++) {
		unsigned char c = str[i];

		if (c == '"' || c == '\\')
			snprintf(esc, sizeof(esc), "\\%c", c);
		else if (c == '\n')
			strcpy(esc, "\\n");
		else if (c == '\t')
			strcpy(esc, "\\t");
		else if (c < 0x20 || c > 0x7e)
			snprintf(esc, sizeof(esc), "\\x%02x", c);
		else
			snprintf(esc, sizeof(esc), "%c", c);
		if (s->len + strlen(esc) > s->room)
			break;
		add(s, "%s", esc);
	}
	add(s, "\"");
}

static void add_field(struct spec *s, const struct oomtrace_header *rec,
		      const struct oomtrace_field *f)
{
	s64 n = oomtrace_field_int(rec, f);
	const char *name = oomtrace_field_name(f, n);
	const char *str;
	size_t len;

	switch ((enum oomtrace_kind)f->kind) {
	case OOMTRACE_KIND_STR:
		str = oomtrace_field_str(rec, f, &len);
		add_string(s, str, len);
		break;
	case OOMTRACE_KIND_INT:
		add(s, "%lld", n);
		break;
	case OOMTRACE_KIND_HEX:
		add(s, "0x%llx", (u64)n);
		break;
	case OOMTRACE_KIND_UINT:
		add(s, "%llu", (u64)n);
		break;
	case OOMTRACE_KIND_ENUM:
		if (name)
			add(s, "%s", name);
		else
			add(s, "%llu", (u64)n);
		break;
	}
}

/* The line in a buffer of @size bytes. */
static const char *specified(const struct oomtrace_header *rec, size_t size)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	static struct spec s;
	unsigned int i;
	int known;
	u64 pages;

	s.len = 0;
	s.room = size - 2;
	add(&s, "%5llu.%06llu [%03u] ", rec->ts_ns / 1000000000,
	    rec->ts_ns / 1000 % 1000000, rec->cpu);
	if (!desc)
		add(&s, "type-%u: size=%u", rec->type, rec->size);
	else
		add(&s, "%s:", desc->name);
	for (i = 0; desc && i < desc->nfields; i++) {
		if (!oomtrace_field_valid(rec, i))
			continue;
		add(&s, " %s=", desc->fields[i].name);
		add_field(&s, rec, &desc->fields[i]);
		if (oomtrace_field_derived(rec, i))
			add(&s, "~");
	}
	known = desc ? oomtrace_shortfall(rec, &pages) : 0;
	if (known)
		add(&s, " shortfall=%llu%s", pages, known == 2 ? "~" : "");
	strcpy(s.text + s.len, "\n");
	return s.text;
}

/* ---- records ---- */

/* Numbers of every length, names that exist, and strings of printable bytes. */
static void fill_field(unsigned char *at, const struct oomtrace_field *f)
{
	u64 n = rnd() >> rnd() % 64;
	unsigned int i;

	if (f->kind == OOMTRACE_KIND_STR) {
		for (i = 0; i < f->size; i++)
			at[i] = rnd() % 12 ? 0x20 + rnd() % 0x5f : rnd();
		return;
	}
	if (f->kind == OOMTRACE_KIND_ENUM && rnd() % 4)
		n = rnd() % f->nnames;
	if (f->kind == OOMTRACE_KIND_INT && rnd() % 4 == 0)
		n = -n;
	/* The first bytes of a little-endian number are its lowest. */
	memcpy(at, &n, f->size);
}

/* A record in memory of exactly its size. */
static struct oomtrace_header *make_record(unsigned int type)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(type);
	unsigned int size = desc ? desc->size : sizeof(struct oomtrace_header);
	struct oomtrace_header *h;
	unsigned int i;

	h = calloc(1, size);
	if (!h)
		abort();
	for (i = 0; desc && i < desc->nfields; i++)
		fill_field((unsigned char *)h + desc->fields[i].offset,
			   &desc->fields[i]);
	h->type = type;
	/* An older writer may know fewer fields. */
	h->size = rnd() % 4 ? size : sizeof(*h) + rnd() % (size - sizeof(*h) + 1) / 8 * 8;
	h->cpu = rnd() >> rnd() % 64;
	h->ts_ns = rnd() >> rnd() % 64;
	h->valid = rnd() % 2 ? ~0ULL : rnd();
	h->derived = rnd() % 2 ? 0 : rnd();
	return h;
}

static bool same_line(const struct oomtrace_header *rec, size_t size)
{
	char line[OOMTRACE_LINE_MAX];
	size_t len = oomtrace_format(line, size, rec);
	const char *want = specified(rec, size);

	if (len == strlen(line) && !strcmp(line, want))
		return true;
	printf("# got:  %s# want: %s", line, want);
	return false;
}

static bool same_when_cut(const struct oomtrace_header *rec)
{
	size_t size, full = strlen(specified(rec, OOMTRACE_LINE_MAX));
	bool same = true;

	for (size = 2; same && size <= full + 2; size++)
		same = same_line(rec, size);
	return same;
}

/* Format a saved file of records, and compare with the saved lines. */
static bool same_as_recorded(const char *path, const char *text_path)
{
	char got[OOMTRACE_LINE_MAX], want[OOMTRACE_LINE_MAX];
	FILE *text = fopen(text_path, "r");
	const struct oomtrace_header *rec;
	struct oomtrace *ot = oomtrace_new();
	unsigned int n = 0;
	bool same = text && !oomtrace_open(ot, path, 0);

	while (same && oomtrace_next(ot, &rec) > 0) {
		oomtrace_format(got, sizeof(got), rec);
		same = fgets(want, sizeof(want), text) && !strcmp(got, want);
		if (!same)
			printf("# record %u: got:  %s", n, got);
		n++;
	}
	same = same && n && !fgets(want, sizeof(want), text);
	if (!same)
		printf("# %s: %u records: %s\n", path, n, oomtrace_error(ot));
	oomtrace_free(ot);
	if (text)
		fclose(text);
	return same;
}

void test_lines(void)
{
	bool same = true, cut = true;
	struct oomtrace_header *rec;
	unsigned int i;

	for (i = 0; same && cut && i < RECORDS; i++) {
		rec = make_record(i % (OOMTRACE_TYPES_END + 1));
		same = same_line(rec, OOMTRACE_LINE_MAX);
		if (i < CUTS * OOMTRACE_TYPES_END)
			cut = same_when_cut(rec);
		free(rec);
	}
	check(same, "lines_of_random_records_are_as_specified");
	check(cut, "lines_that_are_cut_are_as_specified");
	check(same_as_recorded("test/records/episode",
			       "test/records/episode.text"),
	      "lines_of_recorded_records_do_not_change");
}
