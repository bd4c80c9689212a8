// SPDX-License-Identifier: GPL-2.0
/*
 * Passes random records to every function that takes a record. Each record has
 * memory of exactly its size, so that the sanitizers find reads past its end. The
 * seed is constant, so that failures are reproducible.
 */
#include <json-c/json.h>
#include <liboomtrace.h>
#include <stdlib.h>

#include "test_episode.h"
#include "test_fuzz.h"

#define RECORDS		200000
#define SEED		20240229ULL

static u64 state = SEED;

/* splitmix64: each single bit is random enough. */
static u64 rnd(void)
{
	u64 z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* Enum fields are mostly in range, so that the code for each value is reached. */
static void tame(unsigned char *buf, const struct oomtrace_type_desc *desc,
		 unsigned int size)
{
	const struct oomtrace_field *f;
	unsigned int i;
	u64 value;

	for (i = 0; i < desc->nfields; i++) {
		f = &desc->fields[i];
		if (f->offset + f->size > size || rnd() % 8 == 0)
			continue;
		if (f->kind == OOMTRACE_KIND_ENUM)
			value = rnd() % f->nnames;
		else if (!strcmp(f->name, "episode"))
			value = 1 + rnd() % 3;
		else if (!strcmp(f->name, "pid"))
			value = rnd() % 16;
		else
			continue;
		memset(buf + f->offset, 0, f->size);
		buf[f->offset] = value;
	}
}

static struct oomtrace_header *random_record(void)
{
	unsigned int type = rnd() % (OOMTRACE_LOST + 3);
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(type);
	unsigned int size = sizeof(struct oomtrace_header) + rnd() % 40 * 8;
	struct oomtrace_header *h;
	unsigned char *buf;
	unsigned int i;

	if (desc && rnd() % 4)
		size = desc->size;
	buf = malloc(size);
	if (!buf)
		abort();
	for (i = 0; i < size; i++)
		buf[i] = rnd();
	h = (void *)buf;
	h->type = type;
	h->size = size;
	if (rnd() % 2)
		h->valid = ~0ULL;
	if (desc)
		tame(buf, desc, size);
	return h;
}

static bool printable(const char *s, bool one_line)
{
	for (; *s; s++) {
		if (*s == '\n' && (!one_line || !s[1]))
			continue;
		if (*s < 0x20 || *s > 0x7e)
			return false;
	}
	return true;
}

/* json-c does not escape DEL and C1 controls: undo these escapes. */
static void bare_controls(char *s)
{
	char *to = s;
	unsigned int c;

	while (*s) {
		if (*s != '\\') {
			*to++ = *s++;
		} else if (sscanf(s, "\\u00%2x", &c) == 1 && c >= 0x7f) {
			if (c >= 0x80)
				*to++ = '\xc2';
			*to++ = c;
			s += 6;
		} else {
			*to++ = *s++;
			*to++ = *s++;
		}
	}
	*to = '\0';
}

static bool good_json(const struct oomtrace_header *rec)
{
	static char text[16384];
	size_t len = oomtrace_json(rec, text, sizeof(text));
	struct json_object *obj = json_tokener_parse(text);
	bool same = obj && len == strlen(text);

	bare_controls(text);
	same = same && !strcmp(text, json_object_to_json_string_ext(obj,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

	json_object_put(obj);
	return same;
}

void test_fuzz(void)
{
	static struct oomtrace_story newest, second;
	bool lines = true, jsons = true, stories = true;
	struct oomtrace_header *rec;
	char line[OOMTRACE_LINE_MAX];
	unsigned int i;
	size_t len;

	oomtrace_story_init(&newest, 0, 4096);
	oomtrace_story_init(&second, 2, 65536);
	for (i = 0; i < RECORDS; i++) {
		rec = random_record();
		len = oomtrace_format(line, sizeof(line), rec);
		lines &= len == strlen(line) && len < sizeof(line) - 1 &&
			 line[len - 1] == '\n' && printable(line, true);
		if (i % 8 == 0)
			jsons &= good_json(rec);
		oomtrace_story_feed(&newest, rec);
		oomtrace_story_feed(&second, rec);
		free(rec);
		if (i % 50 == 0) {
			stories &= printable(story_text(&newest), false);
			stories &= printable(story_text(&second), false);
			oomtrace_story_init(&newest, 0, 4096);
			oomtrace_story_init(&second, 2, i);
		}
	}
	check(lines, "random_records_make_one_printable_line_each");
	check(jsons, "random_records_make_json_that_json_c_would_write");
	check(stories, "random_records_make_printable_stories");
}
