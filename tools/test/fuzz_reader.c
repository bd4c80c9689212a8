// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: passes any bytes as a file of saved records to the reader and
 * to every function that takes a record. `make fuzz` builds it with the sanitizers
 * and runs it for some seconds, from the files in corpus/.
 *
 * The first byte selects the size of the pieces in which the file is read; the
 * rest is the file. Each record is copied to memory of exactly its size, so that
 * the sanitizers find reads past its end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../common/story.h"
#include "liboomtrace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory. */
struct file {
	const uint8_t *at;
	size_t left;
	size_t piece;
};

static ssize_t read_piece(void *ctx, void *buf, size_t size)
{
	struct file *f = ctx;
	size_t n = size < f->piece ? size : f->piece;

	if (n > f->left)
		n = f->left;
	memcpy(buf, f->at, n);
	f->at += n;
	f->left -= n;
	return n;
}

static __printf(2, 0)
void print_nowhere(void *ctx, const char *fmt, va_list args)
{
	static char line[4096];

	(void)ctx;
	vsnprintf(line, sizeof(line), fmt, args);
}

static void ask_for_fields(const struct oomtrace_header *rec)
{
	char text[OOMTRACE_MAX_RECORD];
	unsigned long long pages;
	const char *name;
	unsigned int i;
	long long n;

	for (i = 0; (name = oomtrace_field(rec->type, i)); i++) {
		if (oomtrace_get_int(rec, name, &n) >= 0)
			oomtrace_value_name(rec->type, name, n);
		else
			oomtrace_get_str(rec, name, text, sizeof(text));
	}
	oomtrace_shortfall(rec, &pages);
}

static void use(struct oomtrace_story *story, const struct oomtrace_header *rec)
{
	static char text[1 << 16];
	struct oomtrace_header *alone = malloc(rec->size);

	if (!alone)
		abort();
	memcpy(alone, rec, rec->size);
	oomtrace_text(alone, text, sizeof(text));
	oomtrace_text(alone, text, alone->seq % 100);
	oomtrace_json(alone, text, sizeof(text));
	oomtrace_json(alone, text, alone->seq % 100);
	ask_for_fields(alone);
	oomtrace_story_feed(story, alone);
	free(alone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct oomtrace_out out = { .vprint = print_nowhere };
	const struct oomtrace_header *rec;
	static struct oomtrace_story story;
	struct oomtrace *ot;
	struct file f;

	if (!size)
		return 0;
	f.piece = data[0] ? data[0] * 16 - 9 : SIZE_MAX;
	f.at = data + 1;
	f.left = size - 1;
	ot = oomtrace_new();
	if (!ot || oomtrace_open_source(ot, "fuzz", read_piece, &f))
		abort();
	oomtrace_story_init(&story, 0, 4096);
	while (oomtrace_next(ot, &rec) > 0)
		use(&story, rec);
	oomtrace_story_print(&story, &out);
	oomtrace_free(ot);
	return 0;
}
