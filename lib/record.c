// SPDX-License-Identifier: GPL-2.0
/*
 * Names of types, fields and values, access to a field by its name, and records
 * as lines of text. Everything comes from the tables that describe the records.
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

	/* The old name of the type, which scripts may still use. */
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

/* Find a field and its bit by name; NULL if the type has no such field. */
static const struct oomtrace_field *find_field(unsigned int type, const char *name,
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
	const struct oomtrace_field *f = find_field(type, field, &bit);

	return f ? oomtrace_field_name(f, value) : NULL;
}

static int field_state(const struct oomtrace_header *rec, unsigned int bit)
{
	if (!oomtrace_field_valid(rec, bit))
		return 0;
	return oomtrace_field_derived(rec, bit) ? 2 : 1;
}

int oomtrace_get_int(const struct oomtrace_header *rec, const char *field,
		     long long *n)
{
	unsigned int bit;
	const struct oomtrace_field *f = find_field(rec->type, field, &bit);
	int had;

	*n = 0;
	if (!f || f->kind == OOMTRACE_KIND_STR)
		return -ENOENT;
	had = field_state(rec, bit);
	if (had)
		*n = oomtrace_field_int(rec, f);
	return had;
}

int oomtrace_get_str(const struct oomtrace_header *rec, const char *field,
		     char *buf, size_t size)
{
	unsigned int bit;
	const struct oomtrace_field *f = find_field(rec->type, field, &bit);
	struct sink to = { .buf = buf, .size = size };
	const char *s;
	size_t len;
	int had;

	if (!f || f->kind != OOMTRACE_KIND_STR) {
		sink_end(&to);
		return -ENOENT;
	}
	had = field_state(rec, bit);
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

	/* Drop the newline. */
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
