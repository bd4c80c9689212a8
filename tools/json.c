// SPDX-License-Identifier: GPL-2.0
/*
 * Records as JSON objects, see json.h. Numbers go through as exact 64-bit
 * integers, enumerations as their names, unless a value has none.
 */
#include <stdio.h>

#include "../common/format.h"
#include "json.h"
#include "utf8.h"

/*
 * Add a value to an object or an array, and own it no more, even on failure.
 * A NULL value is json-c out of memory: no field of a record is null.
 */
static bool add(struct json_object *obj, const char *name,
		struct json_object *value)
{
	if (value && !json_object_object_add(obj, name, value))
		return true;
	json_object_put(value);
	return false;
}

static bool add_hex(struct json_object *obj, const char *field, const char *s,
		    size_t n)
{
	char hex[2 * OOMTRACE_STR_MAX + 1];
	char name[40];
	size_t i;

	for (i = 0; i < n && i < OOMTRACE_STR_MAX; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)s[i]);
	hex[2 * i] = '\0';
	snprintf(name, sizeof(name), "%s_hex", field);
	return add(obj, name, json_object_new_string(hex));
}

bool json_add_string(struct json_object *obj, const char *name, const char *s,
		     size_t n)
{
	char text[3 * OOMTRACE_STR_MAX + 1];
	size_t len;
	bool valid;

	n = strnlen(s, n < OOMTRACE_STR_MAX ? n : OOMTRACE_STR_MAX);
	valid = utf8_clean(text, sizeof(text), s, n, &len);
	if (!add(obj, name, json_object_new_string_len(text, len)))
		return false;
	return valid || add_hex(obj, name, s, n);
}

static bool add_field(struct json_object *obj,
		      const struct oomtrace_header *rec,
		      const struct oomtrace_field *f)
{
	s64 n = oomtrace_field_int(rec, f);
	const char *name = oomtrace_field_name(f, n);
	const char *s;
	size_t len;

	if (f->kind == OOMTRACE_KIND_STR) {
		s = oomtrace_field_str(rec, f, &len);
		return json_add_string(obj, f->name, s, len);
	}
	if (name)
		return add(obj, f->name, json_object_new_string(name));
	if (f->kind == OOMTRACE_KIND_INT)
		return add(obj, f->name, json_object_new_int64(n));
	return add(obj, f->name, json_object_new_uint64(n));
}

static bool add_fields(struct json_object *obj,
		       const struct oomtrace_header *rec,
		       const struct oomtrace_type_desc *desc)
{
	struct json_object *derived = json_object_new_array();
	struct json_object *name;
	unsigned int i;

	if (!derived)
		return false;
	for (i = 0; i < desc->nfields; i++) {
		if (!oomtrace_field_valid(rec, i))
			continue;
		if (!add_field(obj, rec, &desc->fields[i]))
			goto fail;
		if (!oomtrace_field_derived(rec, i))
			continue;
		name = json_object_new_string(desc->fields[i].name);
		if (!name)
			goto fail;
		if (json_object_array_add(derived, name)) {
			json_object_put(name);
			goto fail;
		}
	}
	return add(obj, "derived", derived);
fail:
	json_object_put(derived);
	return false;
}

static bool add_header(struct json_object *obj,
		       const struct oomtrace_header *rec,
		       const struct oomtrace_type_desc *desc)
{
	char unknown[16];

	snprintf(unknown, sizeof(unknown), "type-%u", rec->type);
	return add(obj, "type",
		   json_object_new_string(desc ? desc->name : unknown)) &&
	       add(obj, "seq", json_object_new_uint64(rec->seq)) &&
	       add(obj, "cpu", json_object_new_uint64(rec->cpu)) &&
	       add(obj, "ts_ns", json_object_new_uint64(rec->ts_ns));
}

struct json_object *json_record(const struct oomtrace_header *rec)
{
	const struct oomtrace_type_desc *desc = oomtrace_type_desc(rec->type);
	struct json_object *obj = json_object_new_object();
	bool ok;

	if (!obj)
		return NULL;
	ok = add_header(obj, rec, desc) &&
	     (desc ? add_fields(obj, rec, desc)
		   : add(obj, "size", json_object_new_uint64(rec->size)));
	if (ok)
		return obj;
	json_object_put(obj);
	return NULL;
}

const char *json_text(struct json_object *obj)
{
	return json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}
