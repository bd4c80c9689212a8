/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON that the commands make of their answers, by json-c. Records as JSON come
 * from liboomtrace; a string of any bytes looks the same in both.
 */
#ifndef OOMTRACE_JSON_H
#define OOMTRACE_JSON_H

#include <stdbool.h>
#include <json-c/json.h>

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
