// SPDX-License-Identifier: GPL-2.0
/*
 * Records as programs ask about them: names of types, fields and values, a
 * field by its name, and the line of text. All of it from the tables of
 * common/format.c; see liboomtrace.h. Keeps no state.
 */
#include <errno.h>

#include "../common/format.h"
#include "liboomtrace.h"
#include "sink.h"

const char *oomtrace_type_name(unsigned int type)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(type);

	return desc ? desc->name : NULL;
}

unsigned int oomtrace_type_number(const char *name)
{
	const struct oomtrace_type_desc *desc;
	unsigned int type;

	/* An old name; scripts and filters still have it. */
	if (!strcmp(name, "pressure"))
		return OOMTRACE_RETRY;
	for (type = 1; type <= USHRT_MAX; type++) {
		desc = oomtrace_type_desc(type);
		if (desc && !strcmp(desc->name, name))
			return type;
	}
	return 0;
}

const char *oomtrace_field(unsigned int type, unsigned int n)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(type);

	return desc && n < desc->nfields ? desc->fields[n].name : NULL;
}

/* A field by its name, and its bit; NULL if the type has none of that name. */
static const struct oomtrace_field *find(unsigned int type, const char *name,
					 unsigned int *bit)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(type);

	for (*bit = 0; desc && *bit < desc->nfields; ++*bit)
		if (!strcmp(desc->fields[*bit].name, name))
			return &desc->fields[*bit];
	return NULL;
}

const char *oomtrace_value_name(unsigned int type, const char *field,
				unsigned long long value)
{
	unsigned int bit;
	const struct oomtrace_field *f = find(type, field, &bit);

	return f ? oomtrace_field_name(f, value) : NULL;
}

static int standing(const struct oomtrace_header *rec, unsigned int bit)
{
	if (!oomtrace_field_valid(rec, bit))
		return 0;
	return oomtrace_field_derived(rec, bit) ? 2 : 1;
}

int oomtrace_get_int(const struct oomtrace_header *rec, const char *field,
		     long long *n)
{
	unsigned int bit;
	const struct oomtrace_field *f = find(rec->type, field, &bit);
	int had;

	*n = 0;
	if (!f || f->kind == OOMTRACE_KIND_STR)
		return -ENOENT;
	had = standing(rec, bit);
	if (had)
		*n = oomtrace_field_int(rec, f);
	return had;
}

int oomtrace_get_str(const struct oomtrace_header *rec, const char *field,
		     char *buf, size_t size)
{
	unsigned int bit;
	const struct oomtrace_field *f = find(rec->type, field, &bit);
	struct sink to = { .buf = buf, .size = size };
	const char *s;
	size_t len;
	int had;

	if (!f || f->kind != OOMTRACE_KIND_STR) {
		sink_end(&to);
		return -ENOENT;
	}
	had = standing(rec, bit);
	if (had) {
		s = oomtrace_field_str(rec, f, &len);
		sink_put(&to, s, len);
	}
	sink_end(&to);
	return had;
}

int oomtrace_text(const struct oomtrace_header *rec, char *buf, size_t size)
{
	struct sink to = { .buf = buf, .size = size };
	char line[OOMTRACE_LINE_MAX];

	/* Without the newline. */
	sink_put(&to, line, oomtrace_format(line, sizeof(line), rec) - 1);
	return sink_end(&to);
}

int oomtrace_print_text(const struct oomtrace_header *rec, FILE *file)
{
	struct sink to = { .file = file };
	char line[OOMTRACE_LINE_MAX];
	size_t len = oomtrace_format(line, sizeof(line), rec);

	flockfile(file);
	sink_put(&to, line, len);
	funlockfile(file);
	return to.err;
}

const char *oomtrace_version(void)
{
	return OOMTRACE_VERSION;
}

unsigned int oomtrace_abi(void)
{
	return OOMTRACE_ABI_VERSION;
}
