// SPDX-License-Identifier: GPL-2.0
/*
 * Parses and evaluates conditions on the fields of records.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <liboomtrace.h>

#include "match.h"
#include "options.h"

#define CONDITIONS	16

enum how { EQUAL, UNEQUAL, LESS, MORE };

static struct condition {
	char field[32];
	enum how how;
	const char *value;
	bool is_number;
	long long number;
} conditions[CONDITIONS];
static unsigned int nconditions;

/* True if some record type has a field of that name. */
static bool is_field(const char *name)
{
	unsigned int type, n;
	const char *field;

	for (type = 1; type <= USHRT_MAX; type++) {
		if (!oomtrace_type_name(type))
			continue;
		for (n = 0; (field = oomtrace_field(type, n)); n++)
			if (!strcmp(field, name))
				return true;
	}
	return false;
}

static bool read_condition(struct condition *c, const char *text)
{
	size_t len = strcspn(text, "=!<>");
	const char *at = text + len;
	char *end;

	if (!len || len >= sizeof(c->field) || !*at ||
	    (*at == '!' && at[1] != '=')) {
		say_error("--filter: invalid condition '%s': it must be FIELD=VALUE, FIELD!=VALUE, FIELD<N or FIELD>N",
			  text);
		return false;
	}
	memcpy(c->field, text, len);
	c->field[len] = '\0';
	c->how = *at == '=' ? EQUAL : *at == '!' ? UNEQUAL :
		 *at == '<' ? LESS : MORE;
	c->value = at + (*at == '!' ? 2 : 1);
	errno = 0;
	c->number = strtoll(c->value, &end, 0);
	c->is_number = *c->value && !*end && !errno;
	if (!is_field(c->field)) {
		say_error("--filter '%s': no record type has a field '%s'", text,
			  c->field);
		return false;
	}
	if (c->how >= LESS && !c->is_number) {
		say_error("--filter '%s': '%s' is not a number",
			  text, c->value);
		return false;
	}
	return true;
}

bool match_add(const char *text)
{
	if (nconditions == CONDITIONS) {
		say_error("--filter: at most %d conditions are allowed", CONDITIONS);
		return false;
	}
	if (!read_condition(&conditions[nconditions], text))
		return false;
	nconditions++;
	return true;
}

/* Returns -1, 0 or 1 like strcmp(), or 2 if the record lacks the field. */
static int compare_field(const struct condition *c, const struct oomtrace_header *rec)
{
	char text[OOMTRACE_MAX_RECORD];
	const char *name;
	long long n;

	if (oomtrace_get_str(rec, c->field, text, sizeof(text)) > 0)
		return strcmp(text, c->value) ? 1 : 0;
	if (oomtrace_get_int(rec, c->field, &n) <= 0)
		return 2;
	name = oomtrace_value_name(rec->type, c->field, n);
	if (name && !strcmp(name, c->value))
		return 0;
	if (!c->is_number)
		return 1;
	return n < c->number ? -1 : n > c->number;
}

bool match_record(const struct oomtrace_header *rec)
{
	unsigned int i;
	bool holds;
	int order;

	for (i = 0; i < nconditions; i++) {
		order = compare_field(&conditions[i], rec);
		switch (conditions[i].how) {
		case EQUAL:
			holds = order == 0;
			break;
		case UNEQUAL:
			holds = order == 1 || order == -1;
			break;
		case LESS:
			holds = order == -1;
			break;
		default:
			holds = order == 1 && conditions[i].is_number;
		}
		if (!holds)
			return false;
	}
	return true;
}
