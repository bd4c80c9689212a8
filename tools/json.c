// SPDX-License-Identifier: GPL-2.0
/*
 * Adds strings of any bytes to json-c objects.
 */
#include <stdio.h>
#include <string.h>

#include "../common/format.h"
#include "../lib/utf8.h"
#include "json.h"

/*
 * Add a value to an object. Takes over the reference, even on failure. A NULL
 * value means that json-c is out of memory; null is never added on purpose.
 */
static bool add_member(struct json_object *obj, const char *name,
		       struct json_object *value)
{
	if (value && !json_object_object_add(obj, name, value))
		return true;
	json_object_put(value);
	return false;
}

static bool add_hex_string(struct json_object *obj, const char *field, const char *s,
			   size_t n)
{
	char hex[2 * OOMTRACE_STR_MAX + 1];
	char name[40];
	size_t i;

	for (i = 0; i < n && i < OOMTRACE_STR_MAX; i++)
		sprintf(hex + 2 * i, "%02x", (unsigned char)s[i]);
	hex[2 * i] = '\0';
	snprintf(name, sizeof(name), "%s_hex", field);
	return add_member(obj, name, json_object_new_string(hex));
}

bool json_add_string(struct json_object *obj, const char *name, const char *s,
		     size_t n)
{
	char text[3 * OOMTRACE_STR_MAX + 1];
	size_t len;
	bool valid;

	n = strnlen(s, n < OOMTRACE_STR_MAX ? n : OOMTRACE_STR_MAX);
	valid = oomtrace_utf8_clean(text, sizeof(text), s, n, &len);
	if (!add_member(obj, name, json_object_new_string_len(text, len)))
		return false;
	return valid || add_hex_string(obj, name, s, n);
}

const char *json_text(struct json_object *obj)
{
	return json_object_to_json_string_ext(obj, JSON_C_TO_STRING_PLAIN |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}
