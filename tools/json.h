/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records as JSON objects. Which fields there are and what they are called
 * comes from common/format.h; nothing here knows a record type by name.
 */
#ifndef OOMTRACE_JSON_H
#define OOMTRACE_JSON_H

#include <stdbool.h>
#include <json-c/json.h>

#include "../include/oomtrace.h"

/**
 * json_record() - a record as a JSON object
 * @rec: the record; the same promise as in common/format.h.
 *
 * Has type, seq, cpu, ts_ns, the valid fields in the table's order, and the
 * names of the derived ones. A record of a type that this build does not know
 * has its size instead of fields. A string that is no UTF-8 has its bytes in a
 * second field, NAME_hex.
 *
 * Return: the object, to be freed with json_object_put(); NULL if memory is out.
 */
struct json_object *json_record(const struct oomtrace_header *rec);

/**
 * json_add_string() - add any bytes to an object as a string
 * @obj: the object.
 * @name: of the string; NAME_hex is added too if the bytes are no UTF-8.
 * @s: the bytes.
 * @n: how many at most; a NUL ends them.
 *
 * Return: false if memory is out.
 */
bool json_add_string(struct json_object *obj, const char *name, const char *s,
		     size_t n);

/** json_text() - an object on one line, without newline; lives as long as it */
const char *json_text(struct json_object *obj);

#endif /* OOMTRACE_JSON_H */
